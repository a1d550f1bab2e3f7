import type { StoredValue } from '@sparrow/protocol';
import { NativeFailure } from './failure.ts';

/** What one user of one mini program stored, in the browser's IndexedDB. Writes are committed in order; a page killed in
 * mid-write keeps the value before. */
export interface Storage {
  all(): Promise<Record<string, StoredValue>>;
  set(key: string, value: StoredValue): Promise<void>;
  remove(key: string): Promise<void>;
  clear(): Promise<void>;
  close(): void;
}

const STORE = 'values';
/** Characters of one key with its value, and of all together (the storage chapter of the guide: 1 MB and 10 MB). */
const KEY_LIMIT = 1 << 20;
const TOTAL_LIMIT = 10 << 20;

/**
 * The limits are those that the logic layer keeps for a program; here they hold for whatever the program sends instead.
 *
 * @throws NativeFailure from `set` when a limit is exceeded
 */
export async function createStorage(app: string, user: string): Promise<Storage> {
  const db = await new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open(`sparrow/${app}/${user}`, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  /** Changes that wait for the transaction before; they go into the next one together, in order. */
  let batch: ((store: IDBObjectStore) => void)[] = [];
  let writing: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  const commit = (): Promise<void> => {
    const changes = batch;
    batch = [];
    next = undefined;
    return new Promise((resolve, reject) => {
      const transaction = db.transaction(STORE, 'readwrite');
      for (const change of changes) change(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error);
    });
  };
  const write = (change: (store: IDBObjectStore) => void): Promise<void> => {
    batch.push(change);
    // A microtask later at the earliest, so that what is sent together is written together.
    next ??= Promise.resolve(writing)
      .catch(() => {})
      .then(() => (writing = commit()));
    return next;
  };
  const readAll = (): Promise<[string, StoredValue][]> =>
    new Promise((resolve, reject) => {
      const found: [string, StoredValue][] = [];
      const cursor = db.transaction(STORE).objectStore(STORE).openCursor();
      cursor.onsuccess = () => {
        if (!cursor.result) return resolve(found);
        found.push([String(cursor.result.key), cursor.result.value as StoredValue]);
        cursor.result.continue();
      };
      cursor.onerror = () => reject(cursor.error);
    });

  const sizes = new Map<string, number>();
  let total = 0;
  const count = (key: string, size: number): void => {
    total += size - (sizes.get(key) ?? 0);
    if (size > 0) sizes.set(key, size);
    else sizes.delete(key);
  };
  for (const [key, value] of await readAll()) count(key, key.length + value.data.length);

  return {
    // Not by assignment: a key may be `__proto__`.
    all: async () => Object.fromEntries(await readAll()),
    async set(key, { type, data }) {
      if (typeof type !== 'string' || typeof data !== 'string') throw new NativeFailure('the value is not storable');
      const size = key.length + data.length;
      if (size > KEY_LIMIT) throw new NativeFailure('exceed max size of one key');
      if (total - (sizes.get(key) ?? 0) + size > TOTAL_LIMIT) throw new NativeFailure('exceed storage max size 10Mb');
      count(key, size);
      await write((store) => store.put({ type, data }, key));
    },
    async remove(key) {
      count(key, 0);
      await write((store) => store.delete(key));
    },
    async clear() {
      sizes.clear();
      total = 0;
      await write((store) => store.clear());
    },
    close: () => db.close(),
  };
}
