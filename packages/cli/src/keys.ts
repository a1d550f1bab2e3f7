import type { Io } from './io.ts';

/** Calls back for single keys, when there is a terminal. Control-C comes as `\u0003`, since the terminal does not make a signal of it then. */
export function listenForKeys(io: Io, actions: Record<string, () => void>): { close(): void } {
  if (!io.interactive || !process.stdin.setRawMode) return { close() {} };
  const onData = (chunk: Buffer): void => {
    for (const key of chunk.toString('utf8').toLowerCase()) actions[key]?.();
  };
  process.stdin.setRawMode(true);
  process.stdin.resume();
  process.stdin.on('data', onData);
  return {
    close() {
      process.stdin.off('data', onData);
      process.stdin.setRawMode(false);
      process.stdin.pause();
    },
  };
}
