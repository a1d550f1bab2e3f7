import type { FileLayer } from '../../src/engines/lmdb/file-layer.ts';

/**
 * A log folder in memory whose disk can be torn: bytes that were not made durable survive only as far as the test says.
 */
export interface TornDisk extends FileLayer {
  /** Appends in order: file, position, bytes. Only the last one can be torn, the others were promised. */
  readonly appends: { name: string; position: number; bytes: Buffer }[];
  /** The disk after a power loss in the middle of the last append, of which `kept` bytes had reached it. */
  afterPowerLoss(kept: number, rest?: 'old' | 'noise'): TornDisk;
  /** Appends fail with this code until it is undefined. */
  fail: string | undefined;
  /** Holds appends back until released. */
  hold: Promise<void> | undefined;
}

/** @param now whether it can be waited for on this thread, as a quick disk is */
export function createTornDisk(files = new Map<string, Buffer>(), now = false): TornDisk {
  const appends: TornDisk['appends'] = [];
  const disk: TornDisk = {
    appends,
    fail: undefined,
    hold: undefined,
    list: async () => [...files.keys()],
    read: async (name) => Buffer.from(files.get(name) as Buffer),
    async create(name, bytes) {
      if (disk.fail) throw Object.assign(new Error('injected'), { code: disk.fail });
      files.set(name, Buffer.alloc(bytes));
      const keep = (data: Uint8Array, position: number): void => {
        if (disk.fail) throw Object.assign(new Error('injected'), { code: disk.fail });
        const own = Buffer.from(data);
        appends.push({ name, position, bytes: own });
        own.copy(files.get(name) as Buffer, position);
      };
      return {
        async append(data, position) {
          if (disk.hold) await disk.hold;
          keep(data, position);
        },
        ...(now ? { appendNow: keep } : {}),
        close: async () => {},
      };
    },
    remove: async (name) => void files.delete(name),
    afterPowerLoss(kept, rest = 'old') {
      const copy = new Map([...files].map(([name, bytes]) => [name, Buffer.from(bytes)]));
      const last = appends.at(-1);
      if (last) {
        const file = copy.get(last.name) as Buffer;
        if (kept < last.bytes.length)
          file.fill(rest === 'old' ? 0 : 0xa5, last.position + kept, last.position + last.bytes.length);
      }
      return createTornDisk(copy);
    },
  };
  return disk;
}
