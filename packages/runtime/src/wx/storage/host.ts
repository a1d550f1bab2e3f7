import type { HostHalf } from '../../native/host-half.ts';
import type { Phone } from '../../native/phone.ts';
import type { storageContract } from './contract.ts';

export const createStorageHost = ({ storage }: Phone): HostHalf<typeof storageContract> => ({
  setStorage: ({ key, value }) => storage.set(key, value),
  removeStorage: ({ key }) => storage.remove(key),
  clearStorage: () => storage.clear(),
});
