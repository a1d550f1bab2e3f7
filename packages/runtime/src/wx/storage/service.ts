import type { StoredValue } from '@sparrow/protocol';
import { ApiFailure, shouldBe } from '../../service/wx/api.ts';
import type { WxContext } from '../../service/wx/context.ts';
import { asyncFunction, serviceWith, syncFunction } from '../../service/wx/define.ts';
import { anything, kindOf, list, optional, text } from '../schema.ts';

/** Limits in KB: one key, and all together. Source: the storage chapter of the guide. */
const KEY_LIMIT_KB = 1024;
const TOTAL_LIMIT_KB = 10240;

interface KeyValue {
  key: string;
  value: unknown;
}

/** A mirror in the logic layer answers at once, native writes it down behind. Each throws ApiFailure. */
interface Mirror {
  set(key: unknown, data: unknown): void;
  remove(key: unknown): void;
  clear(): void;
  setAll(pairs: unknown): void;
  /** The value; an empty text when there is none. */
  get(key: unknown): unknown;
  getAll(keys: unknown): unknown[];
  has(key: string): boolean;
  info(): { keys: string[]; currentSize: number; limitSize: number };
}

const sizeOf = (key: string, value: StoredValue): number => key.length + value.data.length;

function checkKey(key: unknown): asserts key is string {
  if (typeof key !== 'string') throw shouldBe('String', key, 'key');
  if (key === '') throw new ApiFailure('key is empty');
}
function listOf<T>(given: unknown): T[] {
  if (!Array.isArray(given)) throw shouldBe('Array', given);
  return given as T[];
}

function createMirror({ boot, invoke }: WxContext): Mirror {
  const values = new Map<string, StoredValue>(Object.entries(boot.storage));
  const sizes = new Map<string, number>();
  for (const [key, value] of values) sizes.set(key, sizeOf(key, value));
  const unheard = (sent: Promise<object>): void => void sent.catch(() => {});

  const mirror: Mirror = {
    set(key, data) {
      checkKey(key);
      const value = encode(data);
      const size = sizeOf(key, value);
      if (size > KEY_LIMIT_KB * 1024) throw new ApiFailure('exceed max size of one key');
      const rest = [...sizes].reduce((sum, [other, bytes]) => (other === key ? sum : sum + bytes), 0);
      if (rest + size > TOTAL_LIMIT_KB * 1024) throw new ApiFailure('exceed storage max size 10Mb');
      values.set(key, value);
      sizes.set(key, size);
      unheard(invoke('setStorage', { key, value }));
    },
    remove(key) {
      checkKey(key);
      values.delete(key);
      sizes.delete(key);
      unheard(invoke('removeStorage', { key }));
    },
    clear() {
      values.clear();
      sizes.clear();
      unheard(invoke('clearStorage', {}));
    },
    setAll(pairs) {
      for (const { key, value } of listOf<KeyValue>(pairs)) mirror.set(key, value);
    },
    get(key) {
      checkKey(key);
      const value = values.get(key);
      return value ? decode(value) : '';
    },
    getAll: (keys) => listOf<unknown>(keys).map(mirror.get),
    has: (key) => values.has(key),
    info: () => ({
      keys: [...values.keys()],
      currentSize: Math.ceil([...sizes.values()].reduce((sum, size) => sum + size, 0) / 1024),
      limitSize: TOTAL_LIMIT_KB,
    }),
  };
  return mirror;
}

function encode(value: unknown): StoredValue {
  const kind = kindOf(value);
  if (kind === 'Undefined' || kind === 'Null') return { type: kind, data: '' };
  if (kind === 'Date') return { type: kind, data: JSON.stringify((value as Date).getTime()) };
  if (kind === 'String' || kind === 'Number' || kind === 'Boolean' || kind === 'Array')
    return { type: kind, data: JSON.stringify(value) };
  return { type: 'Object', data: JSON.stringify(value) ?? '{}' };
}
function decode(value: StoredValue): unknown {
  if (value.type === 'Undefined') return undefined;
  if (value.type === 'Null') return null;
  const parsed: unknown = JSON.parse(value.data);
  return value.type === 'Date' ? new Date(parsed as number) : parsed;
}

const key = text();

/** Storage of one user of the program. */
export const storageService = serviceWith(createMirror, {
  setStorageSync: syncFunction((mirror, name: unknown, data: unknown) => mirror.set(name, data)),
  setStorage: asyncFunction({ key, data: optional(anything()) }, (mirror, options) =>
    mirror.set(options.key, options.data),
  ),
  getStorageSync: syncFunction((mirror, name: unknown) => mirror.get(name)),
  getStorage: asyncFunction({ key }, (mirror, options) => {
    if (!mirror.has(options.key)) throw new ApiFailure('data not found');
    return { data: mirror.get(options.key) };
  }),
  removeStorageSync: syncFunction((mirror, name: unknown) => mirror.remove(name)),
  removeStorage: asyncFunction({ key }, (mirror, options) => mirror.remove(options.key)),
  clearStorageSync: syncFunction((mirror) => mirror.clear()),
  clearStorage: asyncFunction({}, (mirror) => mirror.clear()),
  getStorageInfoSync: syncFunction((mirror) => mirror.info()),
  getStorageInfo: asyncFunction({}, (mirror) => mirror.info()),
  batchSetStorageSync: syncFunction((mirror, pairs: unknown) => mirror.setAll(pairs)),
  batchSetStorage: asyncFunction({ kvList: list(anything<KeyValue>()) }, (mirror, { kvList }) => mirror.setAll(kvList)),
  batchGetStorageSync: syncFunction((mirror, keys: unknown) => mirror.getAll(keys)),
  batchGetStorage: asyncFunction({ keyList: list(anything()) }, (mirror, { keyList }) => ({
    dataList: mirror.getAll(keyList),
  })),
});
