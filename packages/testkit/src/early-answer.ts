import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

const SOURCE = `
const { parentPort } = require('node:worker_threads');
require('node:net').createServer((socket) => {
  socket.on('error', () => {});
  socket.once('data', () => socket.end('HTTP/1.1 413 Too Large\\r\\nconnection: close\\r\\ncontent-length: 9\\r\\n\\r\\ntoo large', () => socket.destroy()));
}).listen(0, '127.0.0.1', function () { parentPort.postMessage(this.address().port); });
`;

/**
 * A server that answers 413 at the first bytes of a request and closes the connection without reading the rest, as many
 * do. It has a thread of its own: what it does falls between two turns of the others.
 */
export async function earlyAnswerServer(): Promise<{ origin: string; close(): Promise<unknown> }> {
  const worker = new Worker(SOURCE, { eval: true });
  const [port] = (await once(worker, 'message')) as [number];
  return { origin: `http://127.0.0.1:${port}`, close: () => worker.terminate() };
}
