import { once } from 'node:events';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** Loopback addresses a backend may have chosen: `listen(port, 'localhost')` can mean ::1 alone. */
const ADDRESSES = ['127.0.0.1', '::1'];
const POLL_MS = 40;

/** A TCP port of 127.0.0.1 that nobody uses at this moment. */
export async function freePort(): Promise<number> {
  const server = net.createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/**
 * Waits until something accepts connections on the port or, with `health`, answers 2xx there.
 *
 * @returns its origin, e.g. `http://127.0.0.1:41234`; rejects with the signal's reason when that comes first.
 */
export async function waitUntilListening(
  port: number,
  health: string | undefined,
  signal: AbortSignal,
): Promise<string> {
  for (;;) {
    for (const address of ADDRESSES) {
      const origin = `http://${address.includes(':') ? `[${address}]` : address}:${port}`;
      if (await (health === undefined ? accepts(address, port) : healthy(address, port, health))) return origin;
      signal.throwIfAborted();
    }
    await sleep(POLL_MS, undefined, { signal });
  }
}

function accepts(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host, port, timeout: 1000 });
    const answer = (yes: boolean) => () => {
      socket.destroy();
      resolve(yes);
    };
    socket.on('connect', answer(true));
    socket.on('error', answer(false));
    socket.on('timeout', answer(false));
  });
}

function healthy(host: string, port: number, path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = http.get({ host, port, path, timeout: 2000, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode !== undefined && response.statusCode >= 200 && response.statusCode < 300);
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(false));
  });
}
