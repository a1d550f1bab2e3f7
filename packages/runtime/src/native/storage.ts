import type { StoredValue } from '@sparrow/protocol';

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

export async function createStorage(app: string, user: string): Promise<Storage> {
  const db = await new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open(`sparrow/${app}/${user}`, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  const write = (run: (store: IDBObjectStore) => void): Promise<void> =>
    new Promise((resolve, reject) => {
      const transaction = db.transaction(STORE, 'readwrite');
      run(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error);
    });
  return {
    all: () =>
      new Promise((resolve, reject) => {
        const values: Record<string, StoredValue> = {};
        const cursor = db.transaction(STORE).objectStore(STORE).openCursor();
        cursor.onsuccess = () => {
          if (!cursor.result) return resolve(values);
          values[String(cursor.result.key)] = cursor.result.value as StoredValue;
          cursor.result.continue();
        };
        cursor.onerror = () => reject(cursor.error);
      }),
    set: (key, value) => write((store) => store.put(value, key)),
    remove: (key) => write((store) => store.delete(key)),
    clear: () => write((store) => store.clear()),
    close: () => db.close(),
  };
}
