import { resolve } from 'node:path';
import type { RecordStore } from '@sparrow/store';
import { createIo, type Io } from '../../io.ts';
import type { CommonOptions } from '../command.ts';

export interface StoreCommandOptions extends CommonOptions {
  dir: string;
  namespace?: string;
}

/** What a `sparrow store` command works with: the store of `--dir`, opened for as long as it takes. */
export interface StoreContext {
  io: Io;
  dir: string;
  options: StoreCommandOptions;
  /** The answer for `--json`. */
  json(value: unknown): void;
  /** Opens it only to read: beside another process that has it open for writing, too. */
  openToRead(): Promise<RecordStore>;
  open(options?: {
    readOnly?: boolean;
    schema?: string;
    schemaFile?: string;
    namespace?: string;
  }): Promise<RecordStore>;
}

export function storeContext(options: StoreCommandOptions): StoreContext & { close(): Promise<void> } {
  const io = createIo(options.json);
  const dir = resolve(io.cwd, options.dir);
  let opened: RecordStore | undefined;
  const context: StoreContext & { close(): Promise<void> } = {
    io,
    dir,
    options,
    json: (value) =>
      io.json(
        options.json,
        JSON.parse(JSON.stringify(value, (_key, item) => (typeof item === 'bigint' ? item.toString() : item))),
      ),
    async open(more = {}) {
      const { openStore } = await import('@sparrow/store');
      opened = await openStore(dir, {
        sweepEveryMs: 0,
        ...(options.namespace === undefined ? {} : { namespace: options.namespace }),
        ...more,
      });
      return opened;
    },
    async openToRead() {
      const { StoreError } = await import('@sparrow/store');
      try {
        return await context.open();
      } catch (error) {
        if (!(error instanceof StoreError) || error.code !== 'STORE_IN_USE') throw error;
        io.warn('Another process has the store open: this is what it had some tenths of a second ago.');
        return context.open({ readOnly: true });
      }
    },
    async close() {
      await opened?.close();
    },
  };
  return context;
}
