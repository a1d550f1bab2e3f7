import { createWriteStream, renameSync, rmSync, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import type { LogLine } from '@sparrow/protocol';
import type { DevEvents } from './dev-events.ts';

/** A log file grows to this and is then set aside as dev.1.log, whose older content is gone. */
const MAX_BYTES = 5 * 1024 * 1024;
/** Lines that wait for a slow disk, in bytes; more are dropped. */
const MAX_WAITING = 1024 * 1024;

/** Writes the log of a run to `dev.log` in a folder: time, source, level, text, and the stack on lines of its own. */
export function createLogFile(options: { dir: string; events: DevEvents; maxBytes?: number }): {
  readonly path: string;
  close(): Promise<void>;
} {
  const path = join(options.dir, 'dev.log');
  const maxBytes = options.maxBytes ?? MAX_BYTES;
  let written = 0;
  let stream = open();

  function open(): WriteStream {
    rmSync(join(options.dir, 'dev.1.log'), { force: true });
    try {
      renameSync(path, join(options.dir, 'dev.1.log'));
    } catch {
      // The first log of this folder.
    }
    written = 0;
    const file = createWriteStream(path, { mode: 0o600 });
    // A full disk must not end the run.
    file.on('error', () => {});
    return file;
  }

  function write(line: LogLine): void {
    if (stream.writableLength > MAX_WAITING) return;
    const stack = line.stack ? `\n${line.stack}` : '';
    const text = `${new Date(line.time).toISOString()} ${line.source} ${line.level} ${line.text}${stack}\n`;
    written += Buffer.byteLength(text);
    if (written > maxBytes) {
      stream.end();
      stream = open();
      written = Buffer.byteLength(text);
    }
    stream.write(text);
  }

  const stop = options.events.subscribe((event) => {
    if (event.type === 'log') write(event.line);
    if (event.type === 'backend' && event.status.reason)
      write({ time: Date.now(), source: 'backend', level: 'error', text: event.status.reason });
  });
  return {
    path,
    async close() {
      stop();
      await new Promise((resolve) => stream.end(resolve));
    },
  };
}
