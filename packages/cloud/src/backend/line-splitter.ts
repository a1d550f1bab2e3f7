import { StringDecoder } from 'node:string_decoder';

/** A line without an end is handed on after this many characters, so that nothing grows. */
const MAX_PENDING = 16_384;

/** Cuts the output of a program into lines, whatever the chunks are. */
export function createLineSplitter(onLine: (line: string) => void): { write(chunk: Buffer): void; end(): void } {
  const decoder = new StringDecoder('utf8');
  let pending = '';
  return {
    write(chunk) {
      const lines = (pending + decoder.write(chunk)).split(/\r?\n/);
      pending = lines.pop() ?? '';
      for (const line of lines) onLine(line);
      if (pending.length > MAX_PENDING) {
        onLine(pending);
        pending = '';
      }
    },
    end() {
      const rest = pending + decoder.end();
      pending = '';
      if (rest !== '') onLine(rest);
    },
  };
}
