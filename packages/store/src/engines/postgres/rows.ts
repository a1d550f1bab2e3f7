import type { Retry } from '../../shards/shard-router.ts';
import type { Row } from '../kv-engine.ts';

/** A row as a shard answers it; `v` is null when there is none. */
export interface RowData {
  v: Buffer | null;
  ver: number;
  rev: string;
  exp: string;
  mod: string;
}

export const toRow = (data: RowData): Row | undefined =>
  data.v === null || data.v === undefined
    ? undefined
    : {
        value: data.v,
        version: data.ver,
        rev: Number(data.rev),
        expires: Number(data.exp),
        modified: Number(data.mod),
      };

/** What to do about a slot in the state that a shard gives it; undefined when the shard owns it. */
export const notOwned = (state: string | null): Retry | undefined =>
  state === 'o' ? undefined : { retry: state === 'f' ? 'fenced' : 'moved' };
