import { chownSync, mkdirSync, rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder below the system's temporary one, removed by `remove`. */
export async function temporaryFolder(name: string): Promise<{ path: string; remove(): void }> {
  const path = await mkdtemp(join(tmpdir(), `sparrow-${name}-`));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Makes a folder; when we are root it is given to a user id. */
export function makeFolder(path: string, uid?: number): void {
  mkdirSync(path, { recursive: true });
  if (uid !== undefined) chownSync(path, uid, uid);
}

/** Resolves when something listens. @throws Error after `timeoutMs` */
export async function listening(port: number, host = '127.0.0.1', timeoutMs = 20_000): Promise<void> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect({ port, host });
      socket.once('connect', () => {
        socket.destroy();
        resolve(true);
      });
      socket.once('error', () => resolve(false));
    });
    if (isOpen) return;
    if (performance.now() > end) throw new Error(`nothing listens on ${host}:${port} after ${timeoutMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
