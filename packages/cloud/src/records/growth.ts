import { type Growth, StoreError } from '@sparrow/store';
import { phrase } from '../phrase.ts';
import type { RecordService } from './record-service.ts';

/** How far the way from the embedded file to shards is; `done` or `error` at its end. */
export interface GrowthState {
  copied: number;
  waiting: number;
  done?: Growth;
  error?: string;
}

/** Grows the store of a running service in the background: one at a time. */
export function createGrowth(records: RecordService): {
  state(): GrowthState | undefined;
  /** @throws StoreError CONFIG_INVALID */
  start(meta: string, shards: readonly string[] | undefined): Promise<GrowthState>;
} {
  let state: GrowthState | undefined;
  return {
    state: () => state,
    async start(meta, shards) {
      if (state && !state.done && state.error === undefined)
        throw new StoreError('CONFIG_INVALID', phrase`this store is growing`, {
          hint: phrase`see \`sparrow store shards status\``,
        });
      const url = postgresUrl(meta);
      const urls = shards?.map(postgresUrl);
      const store = await records.store();
      const own: GrowthState = { copied: 0, waiting: 0 };
      state = own;
      void store
        .grow({ meta: url, ...(urls ? { shards: urls } : {}), onProgress: (progress) => Object.assign(own, progress) })
        .then(
          (done) => Object.assign(own, { done, copied: done.copied, waiting: 0 }),
          (error: Error) => Object.assign(own, { error: error.message }),
        );
      return own;
    },
  };
}

/** @throws StoreError CONFIG_INVALID when it is no address of a PostgreSQL */
export function postgresUrl(value: unknown): string {
  if (typeof value === 'string' && /^postgres(ql)?:\/\/\S+$/.test(value)) return value;
  throw new StoreError('CONFIG_INVALID', phrase`"${String(value)}" is no address of a PostgreSQL`, {
    hint: phrase`give it as postgres://user:password@host:port/database`,
  });
}
