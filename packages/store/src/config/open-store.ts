import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Phrase } from '@sparrow/core';
import type { CryptoKeys } from '../codec/field-cipher.ts';
import { createLmdbEngine, type LmdbEngine } from '../engines/lmdb/lmdb-engine.ts';
import { createShardsEngine } from '../engines/postgres/open-shards.ts';
import type { PostgresEngine } from '../engines/postgres/postgres-engine.ts';
import { createSwitchableEngine } from '../engines/switchable-engine.ts';
import { StoreError } from '../errors.ts';
import { DEFAULT_LIMITS, type StoreLimits } from '../limits.ts';
import { openArchive } from '../operations/archive.ts';
import { type Growth, growToShards } from '../operations/grow.ts';
import type { QuotaOptions } from '../operations/quota.ts';
import { phrase } from '../phrase.ts';
import { createRecordStore, type RecordStore, type RecordStoreOptions } from '../record-store/record-store.ts';

/**
 * `store.json` of a store's folder. The one line that makes an embedded store a sharded one is `meta`: with it records
 * live on PostgreSQL shards, without it in LMDB beside this file.
 */
export interface StoreConfig {
  /** PostgreSQL of the meta store. */
  meta?: string;
  /** Slots of a new cluster. Default 1,024. */
  slots?: number;
  hotBytes?: number;
  slowMs?: number;
  /** Bounds that differ from the defaults, see StoreLimits. */
  limits?: Partial<StoreLimits>;
  /** What apps may use, by namespace (`app/env`); `*` is for those that are not named. */
  quotas?: Record<string, QuotaOptions>;
  /**
   * Folder, relative to this one, that keeps every durable change: with a backup it gives the store as it was at any
   * time since. Embedded stores only.
   */
  archive?: string;
  /** Milliseconds that a hot record may be old when it is read from shards. Default 0: every read asks its shard. */
  hotAgeMs?: number;
  /** Name of a file with `{"current": "k1", "keys": {"k1": "<32 bytes, base64>"}}`, mode 0600. */
  cryptoFile?: string;
}

const CONFIG_TYPES: Record<string, string> = {
  meta: 'string',
  slots: 'number',
  hotBytes: 'number',
  slowMs: 'number',
  limits: 'object',
  quotas: 'object',
  archive: 'string',
  hotAgeMs: 'number',
  cryptoFile: 'string',
};
const QUOTAS = new Set(['readsPerSecond', 'writesPerSecond', 'writeBytesPerSecond']);

export type StoreEngine = LmdbEngine | PostgresEngine;

export const CONFIG_FILE = 'store.json';

/** Whether a folder holds a store: its data, or the line that says where they are. */
export function storeExists(dir: string): boolean {
  return existsSync(join(dir, 'data.mdb')) || readStoreConfig(dir).meta !== undefined;
}

/** Namespaces (`app/env`) that have tables in a store. */
export async function namespacesOf(engine: Pick<StoreEngine, 'metaNames'>): Promise<string[]> {
  const names = await engine.metaNames();
  return names.filter((name) => name.startsWith('schema/')).map((name) => name.slice('schema/'.length));
}

/** @throws StoreError CONFIG_INVALID */
export function readStoreConfig(dir: string): StoreConfig {
  const path = join(dir, CONFIG_FILE);
  if (!existsSync(path)) return {};
  let config: unknown;
  try {
    config = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new StoreError('CONFIG_INVALID', phrase`${path} is no JSON: ${(error as Error).message}`, {
      hint: phrase`correct it`,
      cause: error,
    });
  }
  const wrong = (what: Phrase): never => {
    throw new StoreError('CONFIG_INVALID', phrase`${path}: ${what}`, {
      hint: phrase`it may have ${Object.keys(CONFIG_TYPES).join(', ')}`,
    });
  };
  for (const [name, value] of Object.entries(config as object)) {
    const type = CONFIG_TYPES[name];
    if (type === undefined) wrong(phrase`${name} is unknown`);
    if (typeof value !== type || value === null) wrong(phrase`${name} is of the wrong type`);
  }
  const { limits = {}, quotas = {} } = config as StoreConfig;
  for (const [name, value] of Object.entries(limits)) {
    const present = DEFAULT_LIMITS[name as keyof StoreLimits];
    if (present === undefined) wrong(phrase`there is no limit ${name}`);
    const numbers = typeof present === 'number' ? [value] : Object.values(value as object);
    if (typeof value !== typeof present || !numbers.every((item) => Number.isInteger(item) && item > 0))
      wrong(phrase`limit ${name} is of the wrong type`);
  }
  for (const [app, quota] of Object.entries(quotas))
    for (const [name, value] of Object.entries(quota ?? {}))
      if (!QUOTAS.has(name) || !(typeof value === 'number' && value > 0))
        wrong(phrase`quota ${name} of ${app} is wrong`);
  return config as StoreConfig;
}

/** Changes lines of `store.json`; undefined takes one out. The file is there whole, as it was or as it is then. */
export function changeStoreConfig(
  dir: string,
  change: { [K in keyof StoreConfig]?: StoreConfig[K] | undefined },
): void {
  const path = join(dir, CONFIG_FILE);
  const config = { ...readStoreConfig(dir), ...change };
  mkdirSync(dir, { recursive: true });
  writeFileSync(`${path}.new`, `${JSON.stringify(config, null, 2)}\n`, { flush: true, mode: 0o600 });
  renameSync(`${path}.new`, path);
}

/** Keys of encrypted fields from their file. @throws StoreError CONFIG_INVALID */
export function readCryptoKeys(path: string): CryptoKeys {
  try {
    const { current, keys } = JSON.parse(readFileSync(path, 'utf8')) as {
      current: string;
      keys: Record<string, string>;
    };
    return {
      current,
      keys: Object.fromEntries(
        Object.entries(keys).map(([name, text]) => [name, new Uint8Array(Buffer.from(text, 'base64'))]),
      ),
    };
  } catch (error) {
    throw new StoreError('CONFIG_INVALID', phrase`${path} holds no keys: ${(error as Error).message}`, {
      hint: phrase`{"current": "k1", "keys": {"k1": "<32 bytes, base64>"}}`,
      cause: error,
    });
  }
}

/** Opens the engine that a store's folder says. */
export async function openEngine(dir: string, options: { readOnly?: boolean | 'alone' } = {}): Promise<StoreEngine> {
  const config = readStoreConfig(dir);
  if (config.meta !== undefined)
    return createShardsEngine({ meta: config.meta, ...(config.slots === undefined ? {} : { slots: config.slots }) });
  const { archive } = config;
  return createLmdbEngine({
    dir,
    ...(archive === undefined ? {} : { archive: () => openArchive(resolve(dir, archive)) }),
    ...(options.readOnly ? { readOnly: options.readOnly } : {}),
    ...(config.slots === undefined ? {} : { slots: config.slots }),
  });
}

/** Opens the engine for reading beside a process that has the store open for writing, else as its only user. */
export async function openEngineToRead(dir: string): Promise<{ engine: StoreEngine; beside: boolean }> {
  try {
    return { engine: await openEngine(dir), beside: false };
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== 'STORE_IN_USE') throw error;
    return { engine: await openEngine(dir, { readOnly: true }), beside: true };
  }
}

/** A store of a folder. */
export interface OpenedStore extends RecordStore {
  readonly engine: StoreEngine;
  /**
   * Brings an embedded store to PostgreSQL shards under the feet of its users: copy, catch up, switch; then
   * `store.json` has the line that says so.
   *
   * @throws StoreError CONFIG_INVALID when it is not embedded or open for reading only, SHARD_DOWN, OVERLOADED,
   * VERIFY_FAILED
   */
  grow(options: GrowOptions): Promise<Growth>;
}

export interface GrowOptions {
  /** PostgreSQL of the meta store. */
  meta: string;
  /** PostgreSQL of the shards. Default: that of the meta store. */
  shards?: readonly string[];
  onProgress?: (progress: { copied: number; waiting: number }) => void;
}

/** Opens a store's folder: engine and tables. `close` closes both. */
export async function openStore(
  dir: string,
  options: Omit<RecordStoreOptions, 'engine'> & { readOnly?: boolean | 'alone' } = {},
): Promise<OpenedStore> {
  const home = resolve(dir);
  const config = readStoreConfig(home);
  const { readOnly, ...rest } = options;
  const first = await openEngine(home, readOnly ? { readOnly } : {});
  const engine = createSwitchableEngine(first);
  const opened: StoreEngine[] = [first];
  let growing = false;
  try {
    const crypto =
      rest.crypto ??
      (config.cryptoFile ? readCryptoKeys(resolve(dirname(join(home, CONFIG_FILE)), config.cryptoFile)) : undefined);
    const namespace = rest.namespace ?? '';
    const quota = config.quotas?.[namespace] ?? config.quotas?.['*'];
    const store = await createRecordStore({
      ...(config.hotBytes === undefined ? {} : { hotBytes: config.hotBytes }),
      ...(config.slowMs === undefined ? {} : { slowMs: config.slowMs }),
      ...(config.hotAgeMs === undefined ? {} : { hotAgeMs: config.hotAgeMs }),
      ...(config.limits === undefined ? {} : { limits: config.limits }),
      ...(quota === undefined ? {} : { quota }),
      ...(readOnly ? { shared: true, sweepEveryMs: 0 } : {}),
      ...rest,
      ...(crypto ? { crypto } : {}),
      engine,
    });
    return {
      ...store,
      get engine() {
        return engine.current as StoreEngine;
      },
      async grow({ meta, shards = [meta], onProgress }) {
        const from = engine.current as StoreEngine;
        if (from.kind !== 'lmdb' || readOnly || growing)
          throw new StoreError(
            'CONFIG_INVALID',
            growing ? phrase`this store is growing` : phrase`this store has grown already`,
            {
              hint: phrase`see \`sparrow store shards status\``,
            },
          );
        growing = true;
        try {
          const to = await createShardsEngine({
            meta,
            slots: from.slots,
            shards: shards.map((url, i) => ({ id: `s${i}`, url })),
          });
          opened.push(to);
          return await growToShards({
            from: from as LmdbEngine,
            to,
            hold: engine.hold,
            onSwitch() {
              // From this line on the next process opens the shards; this one goes on with them at once.
              changeStoreConfig(home, { meta });
              engine.switchTo(to);
            },
            ...(onProgress ? { onProgress } : {}),
          });
        } finally {
          growing = false;
        }
      },
      async close() {
        await store.close();
        for (const own of opened) await own.close();
      },
    };
  } catch (error) {
    await first.close();
    throw error;
  }
}
