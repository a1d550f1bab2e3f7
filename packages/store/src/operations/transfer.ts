import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { RecordValue } from '../codec/message-codec.ts';
import { StoreError } from '../errors.ts';
import { phrase } from '../phrase.ts';
import type { RecordStore } from '../record-store/record-store.ts';
import type { TableDef } from '../schema/table.ts';
import { fromJson, toJson } from './json-record.ts';

export type TransferFormat = 'jsonl' | 'protobuf';

/**
 * Export and import of a GENERIC table. JSON lines: `{"record": {…}, "version": 3, "expires": 0}`. Protobuf: each
 * record as a length (varint) and its message, which any protobuf library reads as delimited messages; versions are not
 * in it.
 */
export async function exportTable(
  store: RecordStore,
  name: string,
  file: string,
  format: TransferFormat,
): Promise<number> {
  const table = store.table(name);
  const { message } = store.codec(name).table;
  const { messages } = store;
  const out = createWriteStream(file, { mode: 0o600 });
  await once(out, 'open');
  let count = 0;
  let cursor: string | undefined;
  do {
    const page = await table.traverse({ limit: 500, timeoutMs: 60_000, ...(cursor === undefined ? {} : { cursor }) });
    cursor = page.cursor;
    for (const { record, version, expires } of page.records) {
      let chunk: string | Buffer;
      if (format === 'jsonl') chunk = `${JSON.stringify({ record: toJson(message, record), version, expires })}\n`;
      else {
        const bytes = messages.encode(message, record);
        chunk = Buffer.concat([lengthOf(bytes.length), bytes]);
      }
      if (!out.write(chunk)) await once(out, 'drain');
      count++;
    }
  } while (cursor !== undefined);
  out.end();
  await once(out, 'close');
  return count;
}

/** Imports by replace, in bounded batches. @throws StoreError BACKUP_INVALID with the line */
export async function importTable(
  store: RecordStore,
  name: string,
  file: string,
  format: TransferFormat,
): Promise<number> {
  const table = store.table(name);
  let count = 0;
  let waiting: { record: RecordValue; version?: number; expires?: number }[] = [];
  const flush = async (): Promise<void> => {
    const results = await table.batch(
      waiting.map(({ record, version, expires }) => ({
        op: 'replace' as const,
        record,
        options: {
          timeoutMs: 60_000,
          ...(version ? { policy: 2 as const, version } : {}),
          ...(expires ? { ttlMs: Math.max(1, expires - Date.now()) } : {}),
        },
      })),
    );
    const failed = results.find((result) => result instanceof StoreError);
    if (failed) throw failed;
    count += waiting.length;
    waiting = [];
  };
  for await (const item of format === 'jsonl'
    ? readLines(file, store.codec(name).table)
    : readMessages(file, store, name)) {
    waiting.push(item);
    if (waiting.length >= 500) await flush();
  }
  await flush();
  return count;
}

function lengthOf(size: number): Buffer {
  const out: number[] = [];
  let rest = size;
  for (; rest > 127; rest = Math.floor(rest / 128)) out.push((rest & 127) | 128);
  out.push(rest);
  return Buffer.from(out);
}

async function* readLines(
  file: string,
  table: TableDef,
): AsyncGenerator<{ record: RecordValue; version?: number; expires?: number }> {
  let number = 0;
  for await (const line of createInterface({ input: createReadStream(file, 'utf8') })) {
    number++;
    if (line.trim() === '') continue;
    try {
      const { record, version, expires } = JSON.parse(line) as { record: unknown; version?: number; expires?: number };
      yield {
        record: fromJson(table.message, record),
        ...(version ? { version } : {}),
        ...(expires ? { expires } : {}),
      };
    } catch (error) {
      throw new StoreError('BACKUP_INVALID', phrase`${file}:${number}: ${(error as Error).message}`, {
        hint: phrase`lines before it were imported; correct it and import again`,
        cause: error,
      });
    }
  }
}

async function* readMessages(file: string, store: RecordStore, name: string): AsyncGenerator<{ record: RecordValue }> {
  const { message } = store.codec(name).table;
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of createReadStream(file)) {
    rest = Buffer.concat([rest, chunk as Buffer]);
    for (;;) {
      let size = 0;
      let at = 0;
      let whole = false;
      while (at < rest.length && at < 5) {
        const byte = rest[at] as number;
        size += (byte & 127) * 128 ** at;
        at++;
        if (byte < 128) {
          whole = true;
          break;
        }
      }
      if (!whole && at >= 5)
        throw new StoreError('BACKUP_INVALID', phrase`${file} is no export`, {
          hint: phrase`export with --format protobuf`,
        });
      if (!whole || rest.length < at + size) break;
      yield { record: store.messages.decode(message, rest.subarray(at, at + size)) };
      rest = rest.subarray(at + size);
    }
  }
  if (rest.length > 0)
    throw new StoreError('BACKUP_INVALID', phrase`${file} ends inside a record`, { hint: phrase`export it again` });
}
