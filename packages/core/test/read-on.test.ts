import { once } from 'node:events';
import http from 'node:http';
import { Duplex } from 'node:stream';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import { createPatientAgents, readOnAfterWrites } from '../src/read-on.ts';

/**
 * A server in a thread of its own, so that it can answer and break the connection off while this thread does nothing: what
 * it says lies unread in our kernel when the next byte is written.
 */
const SERVER = `
const { parentPort, workerData } = require('node:worker_threads');
const state = new Int32Array(workerData);
require('node:net').createServer((socket) => {
  socket.on('error', () => {});
  socket.once('data', () => socket.write('HTTP/1.1 413 Too Large\\r\\nconnection: close\\r\\ncontent-length: 9\\r\\n\\r\\ntoo large', () => {
    socket.resetAndDestroy();
    Atomics.store(state, 0, 1);
    Atomics.notify(state, 0);
  }));
}).listen(0, '127.0.0.1', function () { parentPort.postMessage(this.address().port); });
`;

const workers: Worker[] = [];
afterEach(async () => {
  for (const worker of workers.splice(0)) await worker.terminate();
});

/** Status and body of a request whose body goes on after the server has answered and gone. */
async function post(agent: http.Agent | false): Promise<string> {
  const state = new SharedArrayBuffer(4);
  const worker = new Worker(SERVER, { eval: true, workerData: state });
  workers.push(worker);
  const [port] = (await once(worker, 'message')) as [number];
  const request = http.request({ host: '127.0.0.1', port, method: 'POST', agent });
  const answer = once(request, 'response').then(async ([response]) => {
    let body = '';
    for await (const chunk of response as http.IncomingMessage) body += chunk;
    return `${(response as http.IncomingMessage).statusCode} ${body}`;
  });
  request.write('begin');
  await once(request, 'socket');
  await once(request.socket as NonNullable<typeof request.socket>, 'connect');
  // Nothing is read in this time.
  Atomics.wait(new Int32Array(state), 0, 0, 10_000);
  for (let i = 0; i < 3; i++) request.write(Buffer.alloc(100_000));
  request.end();
  return answer.catch((error: NodeJS.ErrnoException) => error.code ?? error.message);
}

describe('an answer that comes before the request is sent whole', () => {
  it('is lost by a plain connection: the write fails first', async () => {
    expect(await post(false)).toMatch(/^E(PIPE|CONNRESET)$/);
  });

  it('is read when the connection is patient', async () => {
    const agents = createPatientAgents({});
    expect(await post(agents.http)).toBe('413 too large');
    agents.http.destroy();
    agents.https.destroy();
  });

  it('that never comes is an error all the same', async () => {
    const agents = createPatientAgents({});
    const server = await new Promise<http.Server>((resolve) => {
      const made = http.createServer((request) => request.socket.resetAndDestroy());
      made.listen(0, '127.0.0.1', () => resolve(made));
    });
    const { port } = server.address() as { port: number };
    const request = http.request({ host: '127.0.0.1', port, method: 'POST', agent: agents.http });
    const failure = once(request, 'error');
    request.end(Buffer.alloc(5_000_000));
    expect((await failure)[0].code).toMatch(/^E(PIPE|CONNRESET)$/);
    server.close();
    agents.http.destroy();
  });

  it('is waited for no more when the other side has said its last word', async () => {
    const failure = new Error('broken');
    const socket = readOnAfterWrites(
      new Duplex({
        allowHalfOpen: true,
        autoDestroy: false,
        read() {},
        write: (_chunk, _encoding, done) => done(failure),
      }),
    );
    socket.push(null);
    socket.resume();
    await once(socket, 'end');
    const told = await new Promise((resolve) => {
      socket.write('more', resolve);
    });
    expect(told).toBe(failure);
  });
});
