import type { StoredValue } from '@sparrow/protocol';
import { ApiFailure, createApiHelper, kindOf } from './api.ts';
import type { WxDomain } from './context.ts';

/** Limits in KB: one key, and all together. Source: the storage chapter of the guide. */
const KEY_LIMIT_KB = 1024;
const TOTAL_LIMIT_KB = 10240;

interface KeyValue {
  key: string;
  value: unknown;
}

/** Storage: a mirror in the logic layer answers at once, native writes it down behind. */
export const storageDomain: WxDomain = (context) => {
  const api = createApiHelper(context.reporter);
  const values = new Map<string, StoredValue>(Object.entries(context.boot.storage));
  const sizes = new Map<string, number>();
  for (const [key, value] of values) sizes.set(key, sizeOf(key, value));

  function sizeOf(key: string, value: StoredValue): number {
    return key.length + value.data.length;
  }
  const totalKb = (): number => Math.ceil([...sizes.values()].reduce((sum, size) => sum + size, 0) / 1024);

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
  function checkKey(key: unknown): asserts key is string {
    if (typeof key !== 'string')
      throw new ApiFailure(`parameter error: parameter.key should be String instead of ${kindOf(key)};`);
    if (key === '') throw new ApiFailure('key is empty');
  }
  function set(key: unknown, data: unknown): void {
    checkKey(key);
    const value = encode(data);
    const size = sizeOf(key, value);
    if (size > KEY_LIMIT_KB * 1024) throw new ApiFailure('exceed max size of one key');
    const rest = [...sizes].reduce((sum, [other, bytes]) => (other === key ? sum : sum + bytes), 0);
    if (rest + size > TOTAL_LIMIT_KB * 1024) throw new ApiFailure('exceed storage max size 10Mb');
    values.set(key, value);
    sizes.set(key, size);
    void context.invoker.invoke('setStorage', { key, value }).catch(() => {});
  }
  function remove(key: unknown): void {
    checkKey(key);
    values.delete(key);
    sizes.delete(key);
    void context.invoker.invoke('removeStorage', { key }).catch(() => {});
  }
  function clear(): void {
    values.clear();
    sizes.clear();
    void context.invoker.invoke('clearStorage', {}).catch(() => {});
  }
  function list<T>(given: unknown): T[] {
    if (!Array.isArray(given))
      throw new ApiFailure(`parameter error: parameter should be Array instead of ${kindOf(given)};`);
    return given as T[];
  }
  function setAll(pairs: unknown): void {
    for (const { key, value } of list<KeyValue>(pairs)) set(key, value);
  }
  const getAll = (keys: unknown): unknown[] =>
    list<unknown>(keys).map((key) => {
      checkKey(key);
      const value = values.get(key);
      return value ? decode(value) : '';
    });
  const info = (): object => ({ keys: [...values.keys()], currentSize: totalKb(), limitSize: TOTAL_LIMIT_KB });

  return {
    setStorageSync: api.sync('setStorageSync', set),
    setStorage: api.async('setStorage', { key: 'String' }, (options: { key: string; data: unknown }) =>
      set(options.key, options.data),
    ),
    getStorageSync: api.sync('getStorageSync', (key: unknown) => {
      checkKey(key);
      const value = values.get(key);
      return value ? decode(value) : '';
    }),
    getStorage: api.async('getStorage', { key: 'String' }, (options: { key: string }) => {
      const value = values.get(options.key);
      if (!value) throw new ApiFailure('data not found');
      return { data: decode(value) };
    }),
    removeStorageSync: api.sync('removeStorageSync', remove),
    removeStorage: api.async('removeStorage', { key: 'String' }, (options: { key: string }) => remove(options.key)),
    clearStorageSync: api.sync('clearStorageSync', clear),
    clearStorage: api.async('clearStorage', {}, clear),
    getStorageInfoSync: api.sync('getStorageInfoSync', info),
    getStorageInfo: api.async('getStorageInfo', {}, info),
    batchSetStorageSync: api.sync('batchSetStorageSync', setAll),
    batchSetStorage: api.async('batchSetStorage', { kvList: 'Array' }, (options: { kvList: KeyValue[] }) =>
      setAll(options.kvList),
    ),
    batchGetStorageSync: api.sync('batchGetStorageSync', getAll),
    batchGetStorage: api.async('batchGetStorage', { keyList: 'Array' }, (options: { keyList: unknown }) => ({
      dataList: getAll(options.keyList),
    })),
  };
};
