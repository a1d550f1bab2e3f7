import { applyEdits } from '../codec/edit.ts';
import { StoreError } from '../errors.ts';
import type { Row, Write, WriteCode } from './kv-engine.ts';

/**
 * What a write makes of a row. The same rules stand in plpgsql in postgres/functions.ts; the contract suite compares
 * them.
 */
export type Applied = { code: 'ok'; after: Omit<Row, 'rev'> | undefined } | { code: Exclude<WriteCode, 'ok'> };

const INT32_MAX = 0x7fff_ffff;

export function applyWrite(row: Row | undefined, write: Write, now: number): Applied {
  const before = row && (row.expires === 0 || row.expires > now) ? row : undefined;
  if (write.guard !== undefined && (before?.rev ?? 0) !== write.guard) return { code: 'guard' };
  if (write.when === 'absent' && before) return { code: 'exists' };
  if (write.when === 'present' && !before) return { code: 'absent' };
  if (before && write.policy === 1 && write.version > 0 && write.version !== before.version) return { code: 'version' };
  if (write.op === 'check') return { code: 'ok', after: before };
  if (write.op === 'delete') return { code: 'ok', after: undefined };
  let { value } = write;
  if (write.op === 'edit') {
    try {
      value = applyEdits(before?.value ?? new Uint8Array(0), write.edits ?? []);
    } catch (error) {
      if (error instanceof StoreError && error.code === 'OUT_OF_RANGE') return { code: 'range' };
      throw error;
    }
    if (value.length > (write.maxBytes ?? Number.POSITIVE_INFINITY)) return { code: 'large' };
  }
  const version =
    write.policy === 2 ? (write.version > 0 ? write.version : 1) : before ? (before.version % INT32_MAX) + 1 : 1;
  return {
    code: 'ok',
    after: {
      value: value ?? new Uint8Array(0),
      version,
      expires: write.expires ?? before?.expires ?? 0,
      modified: now,
    },
  };
}
