import type { HostHalf } from '../../native/host-half.ts';
import type { Phone } from '../../native/phone.ts';
import type { filesContract } from './contract.ts';

export const createFilesHost = ({ files, userFiles, relay }: Phone): HostHalf<typeof filesContract> => ({
  readFile: async ({ path }) => ({ data: await (await files.open(path)).arrayBuffer() }),
  writeUserFile: ({ path, data }) => userFiles.write(path, data),
  removeUserFile: ({ path }) => userFiles.remove(path),
  writeTempFile: async ({ data, suffix }) => ({
    tempFilePath: await relay.keepFile(new Blob([data]), `file.${suffix}`),
  }),
});
