import type { Row } from '../engines/kv-engine.ts';
import { StoreError } from '../errors.ts';
import type { TableCodec } from '../record-store/table-codec.ts';

/** The index entries that a record should have; undefined when it cannot be read. */
export function entriesOf(codec: TableCodec, key: Buffer, row: Row): Buffer[] | undefined {
  try {
    return codec.indexEntries(codec.decode(row.value, key), key, row.expires);
  } catch (error) {
    if (error instanceof StoreError) return undefined;
    throw error;
  }
}
