/**
 * The tunnel's cycle (client message → HTTP callback → HTTP push → client) against a bare `ws` echo. Each runs in a process of its own,
 * whose CPU time and memory are taken; clients and the backend run in this one.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Child, startChild } from '@sparrow/core/process';
import { WebSocket } from 'ws';
import { type Row, row } from './row.ts';

const ROUNDS = 5;
const ONE_BY_ONE = 300;
const IN_FLIGHT = 64;
const MANY = 3_000;
const IDLE = 2_000;
const WARM_UP = 200;
const MEMORY_ROUNDS = 3;
const DEADLINE_MS = 60_000;

type Who = 'ours' | 'peer';

interface Host {
  child: Child;
  port: number;
  usage(): Promise<{ cpuUs: number; rss: number }>;
}

async function startHost(kind: 'echo' | 'tunnel', backend = ''): Promise<Host> {
  const script = join(import.meta.dirname, 'tunnel-host.ts');
  const child = await startChild(process.execPath, ['--expose-gc', script, kind, backend], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const { stdin, stdout } = child.process;
  if (!stdin || !stdout) throw new Error('the child has no pipes');
  const lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
  const next = async <T>(): Promise<T> => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`the ${kind} process ended`);
    return JSON.parse(value) as T;
  };
  const { port } = await next<{ port: number }>();
  return {
    child,
    port,
    usage() {
      stdin.write('usage\n');
      return next();
    },
  };
}

const sha1 = (text: string): string => createHash('sha1').update(text).digest('hex');
const signed = (data: unknown): string => {
  const text = JSON.stringify(data);
  return JSON.stringify({ data: text, tcId: 'tc-bench', signature: sha1(`${text}secret`) });
};

/** Answers callbacks, and pushes what came in a message back to its sender. */
async function startBackend(): Promise<{
  origin: string;
  post(port: number, path: string, data: unknown): Promise<string>;
  serve(port: number): void;
  close(): void;
}> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 128 });
  const post = (port: number, path: string, data: unknown): Promise<string> =>
    new Promise((resolve, reject) => {
      const request = http.request({ host: '127.0.0.1', port, path, method: 'POST', agent }, (response) => {
        let body = '';
        response.on('data', (chunk) => (body += chunk));
        response.on('end', () => resolve(body));
      });
      request.on('error', reject).end(signed(data));
    });
  let tunnelPort = 0;
  const server = http.createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += chunk));
    request.on('end', () => {
      const call = JSON.parse((JSON.parse(body) as { data: string }).data) as {
        tunnelId: string;
        type: string;
        content?: string;
      };
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"code":0}');
      if (call.type !== 'message') return;
      const packet = { tunnelIds: [call.tunnelId], type: 'message', content: call.content };
      post(tunnelPort, '/ws/push', [packet]).catch(() => {});
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    post,
    serve: (port) => {
      tunnelPort = port;
    },
    close() {
      agent.destroy();
      server.closeAllConnections();
      server.close();
    },
  };
}

/** A socket whose messages come back; frames other than messages are not counted. */
async function connect(url: string): Promise<WebSocket> {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  socket.on('error', () => {});
  await once(socket, 'open');
  socket.on('message', (data) => {
    if (String(data) === 'ping') socket.send('pong');
  });
  return socket;
}

const TEXT = 'message:{"type":"say","content":{"text":"hello sparrow"}}';

/** Sends at most `count` messages within `limitMs` over the sockets, one in flight on each; milliseconds of each cycle and of all. */
async function cycles(sockets: WebSocket[], count: number, limitMs: number): Promise<{ each: number[]; all: number }> {
  const each: number[] = [];
  let sent = 0;
  const started = performance.now();
  await Promise.all(
    sockets.map(
      (socket) =>
        new Promise<void>((resolve, reject) => {
          let at = 0;
          const timer = setTimeout(
            () => reject(new Error(`an answer is missing after ${each.length} of ${count}`)),
            10_000,
          );
          const send = (): void => {
            if (sent >= count || performance.now() - started > limitMs) {
              clearTimeout(timer);
              socket.off('message', onMessage);
              resolve();
              return;
            }
            sent++;
            at = performance.now();
            socket.send(TEXT);
          };
          const onMessage = (data: unknown): void => {
            if (!String(data).startsWith('message:')) return;
            each.push(performance.now() - at);
            send();
          };
          socket.on('message', onMessage);
          send();
        }),
    ),
  );
  return { each, all: performance.now() - started };
}

export async function run(): Promise<Row[]> {
  const end = performance.now() + DEADLINE_MS;
  const backend = await startBackend();
  const start = (who: Who): Promise<Host> => (who === 'ours' ? startHost('tunnel', backend.origin) : startHost('echo'));
  const open = async (who: Who, port: number): Promise<WebSocket> => {
    if (who === 'peer') return connect(`ws://127.0.0.1:${port}`);
    const data = { receiveUrl: 'http://bench.local.localhost/tunnel', protocolType: 'ws' };
    const answer = JSON.parse(await backend.post(port, '/get/wsurl', data)) as { data: string };
    return connect((JSON.parse(answer.data) as { connectUrl: string }).connectUrl);
  };
  const openMany = async (who: Who, port: number, count: number): Promise<WebSocket[]> => {
    const sockets: WebSocket[] = [];
    while (sockets.length < count)
      sockets.push(
        ...(await Promise.all(Array.from({ length: Math.min(50, count - sockets.length) }, () => open(who, port)))),
      );
    return sockets;
  };
  /** KiB a connection, in a process that has done nothing else: what traffic leaves behind would be counted, too. */
  const memoryOf = async (who: Who): Promise<number> => {
    const host = await start(who);
    const sockets: WebSocket[] = [];
    try {
      backend.serve(host.port);
      // The first connections load code.
      sockets.push(...(await openMany(who, host.port, WARM_UP)));
      await new Promise((resolve) => setTimeout(resolve, 300));
      const before = await host.usage();
      sockets.push(...(await openMany(who, host.port, IDLE)));
      await new Promise((resolve) => setTimeout(resolve, 500));
      return ((await host.usage()).rss - before.rss) / IDLE / 1024;
    } finally {
      for (const socket of sockets) socket.terminate();
      await host.child.stop();
    }
  };
  const results = () => ({ ours: [] as number[], peer: [] as number[] });
  const wall = results();
  const rate = results();
  const cpu = results();
  const memory = results();
  const all: WebSocket[] = [];
  for (let round = 0; round < MEMORY_ROUNDS; round++)
    for (const who of ['ours', 'peer'] as const) memory[who].push(await memoryOf(who));
  const hosts = { ours: await start('ours'), peer: await start('peer') };
  backend.serve(hosts.ours.port);
  try {
    const sockets = {
      ours: await openMany('ours', hosts.ours.port, IN_FLIGHT),
      peer: await openMany('peer', hosts.peer.port, IN_FLIGHT),
    };
    all.push(...sockets.ours, ...sockets.peer);
    // The first round warms up.
    for (let round = 0; round <= ROUNDS && performance.now() < end - 15_000; round++)
      for (const who of ['ours', 'peer'] as const) {
        const one = await cycles(sockets[who].slice(0, 1), ONE_BY_ONE, 500);
        const before = await hosts[who].usage();
        const many = await cycles(sockets[who], MANY, 1_500);
        const after = await hosts[who].usage();
        if (round === 0) continue;
        wall[who].push(row('', '', one.each).ours * 1000);
        rate[who].push((many.each.length / many.all) * 1000);
        cpu[who].push((after.cpuUs - before.cpuUs) / many.each.length);
      }
  } finally {
    for (const socket of all) socket.terminate();
    backend.close();
    await Promise.all([hosts.ours.child.stop(), hosts.peer.child.stop()]);
  }
  return [
    row('one cycle, 1 in flight, against ws echo', 'µs', wall.ours, wall.peer),
    row(`cycles a second, ${IN_FLIGHT} in flight, against ws echo`, '1/s', rate.ours, rate.peer),
    row('CPU a cycle of the server process', 'µs', cpu.ours, cpu.peer),
    row(`memory a connection, ${IDLE} idle`, 'KiB', memory.ours, memory.peer),
  ];
}
