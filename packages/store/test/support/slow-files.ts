import { mkdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { createFileLayer, type FileLayer } from '../../src/engines/lmdb/file-layer.ts';

/** A real folder for a log on a disk that takes `ms` for each write. */
export function createSlowFiles(folder: string, ms: number): FileLayer {
  mkdirSync(folder, { recursive: true });
  const real = createFileLayer(folder);
  return {
    ...real,
    async create(name, bytes) {
      const file = await real.create(name, bytes);
      return {
        async append(data, position) {
          await sleep(ms);
          await file.append(data, position);
        },
        close: () => file.close(),
      };
    },
  };
}
