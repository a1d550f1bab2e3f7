import type { Write } from '../engines/kv-engine.ts';
import type { TableCore } from './core.ts';
import type { CallOptions } from './options.ts';

/** Writes every record again whose encrypted fields are not under the current key; answers how many. */
export async function rotateKeys(core: TableCore, options: CallOptions): Promise<number> {
  const { codec, context } = core;
  const { table } = codec;
  const { engine, messages } = context;
  const currentKey = context.currentKey ?? '';
  let rotated = 0;
  let cursor: string | undefined;
  do {
    const page = await engine.scan({
      ...codec.range,
      limit: 256,
      deadline: core.deadline(options),
      ...(cursor === undefined ? {} : { after: cursor }),
    });
    cursor = page.cursor;
    for (const { key } of page.rows) {
      const at = { slot: codec.slotOfRow(key), key };
      rotated += await core.readModifyWrite(at, core.deadline(options), (row) => {
        const ids = row ? codec.cipherKeys(row.value) : [];
        if (!row || ids.every((id) => id === currentKey)) return { writes: [], result: () => 0 };
        const plain = codec.openFields(row.value, key);
        const record = messages.decode(table.message, plain);
        const write: Write = {
          key,
          op: 'put',
          when: 'present',
          // The content is the same, so its version stays.
          policy: 2,
          version: row.version,
          guard: row.rev,
          value: Buffer.from(codec.sealFields(plain, key)),
          expires: row.expires,
          index: codec.indexEntries(record, key, row.expires),
        };
        return { writes: [write], result: () => 1 };
      });
    }
  } while (cursor !== undefined);
  return rotated;
}
