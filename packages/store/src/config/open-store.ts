import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { CryptoKeys } from '../codec/field-cipher.ts';
import { createLmdbEngine, type LmdbEngine } from '../engines/lmdb/lmdb-engine.ts';
import { createShardsEngine } from '../engines/postgres/open-shards.ts';
import type { PostgresEngine } from '../engines/postgres/postgres-engine.ts';
import { StoreError } from '../errors.ts';
import { createRecordStore, type RecordStore, type RecordStoreOptions } from '../record-store/record-store.ts';

/**
 * `store.json` of a store's folder. The one line that makes an embedded store a sharded one is `meta`: with it records live on
 * PostgreSQL shards, without it in LMDB beside this file.
 */
export interface StoreConfig {
  /** PostgreSQL of the meta store. */
  meta?: string;
  /** Slots of a new cluster. Default 1,024. */
  slots?: number;
  hotBytes?: number;
  slowMs?: number;
  /** Name of a file with `{"current": "k1", "keys": {"k1": "<32 bytes, base64>"}}`, mode 0600. */
  cryptoFile?: string;
}

export type StoreEngine = LmdbEngine | PostgresEngine;

export const CONFIG_FILE = 'store.json';

/** @throws StoreError CONFIG_INVALID */
export function readStoreConfig(dir: string): StoreConfig {
  const path = join(dir, CONFIG_FILE);
  if (!existsSync(path)) return {};
  let config: unknown;
  try {
    config = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new StoreError('CONFIG_INVALID', `${path} is no JSON: ${(error as Error).message}`, {
      hint: 'correct it',
      cause: error,
    });
  }
  const known: Record<string, string> = {
    meta: 'string',
    slots: 'number',
    hotBytes: 'number',
    slowMs: 'number',
    cryptoFile: 'string',
  };
  for (const [name, value] of Object.entries(config as object))
    if (known[name] === undefined || typeof value !== known[name])
      throw new StoreError('CONFIG_INVALID', `${path}: ${name} is ${known[name] ? 'of the wrong type' : 'unknown'}`, {
        hint: `it may have ${Object.keys(known).join(', ')}`,
      });
  return config as StoreConfig;
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
    throw new StoreError('CONFIG_INVALID', `${path} holds no keys: ${(error as Error).message}`, {
      hint: '{"current": "k1", "keys": {"k1": "<32 bytes, base64>"}}',
      cause: error,
    });
  }
}

/** Opens the engine that a store's folder says. */
export async function openEngine(dir: string, options: { readOnly?: boolean } = {}): Promise<StoreEngine> {
  const config = readStoreConfig(dir);
  if (config.meta !== undefined)
    return createShardsEngine({ meta: config.meta, ...(config.slots === undefined ? {} : { slots: config.slots }) });
  return createLmdbEngine({
    dir,
    ...(options.readOnly ? { readOnly: true } : {}),
    ...(config.slots === undefined ? {} : { slots: config.slots }),
  });
}

/** Opens a store's folder: engine and tables. `close` closes both. */
export async function openStore(
  dir: string,
  options: Omit<RecordStoreOptions, 'engine'> & { readOnly?: boolean } = {},
): Promise<RecordStore & { engine: StoreEngine }> {
  const home = resolve(dir);
  const config = readStoreConfig(home);
  const { readOnly, ...rest } = options;
  const engine = await openEngine(home, readOnly ? { readOnly } : {});
  try {
    const crypto =
      rest.crypto ??
      (config.cryptoFile ? readCryptoKeys(resolve(dirname(join(home, CONFIG_FILE)), config.cryptoFile)) : undefined);
    const store = await createRecordStore({
      ...(config.hotBytes === undefined ? {} : { hotBytes: config.hotBytes }),
      ...(config.slowMs === undefined ? {} : { slowMs: config.slowMs }),
      ...(readOnly ? { shared: true, sweepEveryMs: 0 } : {}),
      ...rest,
      ...(crypto ? { crypto } : {}),
      engine,
    });
    return {
      ...store,
      engine,
      async close() {
        await store.close();
        await engine.close();
      },
    };
  } catch (error) {
    await engine.close();
    throw error;
  }
}
