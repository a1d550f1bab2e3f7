import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { RecordStore } from '@sparrow/store';
import { quote } from '../../invocation.ts';
import { createIo, type Io } from '../../io.ts';
import { phrase } from '../../phrase.ts';
import type { CommonOptions } from '../command.ts';

/** Namespace of the counters of `store load`: no table of an app is touched. */
export const LOAD_NAMESPACE = 'sparrow/load';

export interface StoreCommandOptions extends CommonOptions {
  dir: string;
  namespace?: string;
}

/** What a `sparrow store` command works with: the store of `--dir`, opened for as long as it takes. */
export interface StoreContext {
  io: Io;
  dir: string;
  options: StoreCommandOptions;
  /** Names a command of `sparrow store` for the same store. */
  next(words: string): void;
  /** The answer for `--json`. */
  json(value: unknown): void;
  /** Opens it only to read, and makes nothing; beside another process that has it open for writing, too. */
  openToRead(): Promise<RecordStore>;
  /** Opens it to write. Only with a schema it is made when it is not there. */
  open(options?: OpenOptions): Promise<RecordStore>;
  /** @throws StoreError CONFIG_INVALID when there is no store */
  demandStore(): Promise<void>;
}

export interface OpenOptions {
  schema?: string;
  schemaFile?: string;
  namespace?: string;
}

/** Where a project keeps its store. */
const OF_PROJECT = join('.sparrow', 'store');
/** What `--dir` is when nobody names it. */
export const DEFAULT_DIR = '.sparrow/store';

/** The folder of a store that a person means: the folder itself, or the project that it belongs to. */
function storeFolder(cwd: string, given: string): string {
  const dir = resolve(cwd, given);
  const holds = (folder: string): boolean => ['data.mdb', 'store.json'].some((name) => existsSync(join(folder, name)));
  const isProject = ['sparrow.json', 'project.config.json', '.sparrow'].some((name) => existsSync(join(dir, name)));
  return !holds(dir) && (isProject || holds(join(dir, OF_PROJECT))) ? join(dir, OF_PROJECT) : dir;
}

export function storeContext(options: StoreCommandOptions): StoreContext & { close(): Promise<void> } {
  const io = createIo(options.json, options.dir === DEFAULT_DIR ? {} : { store: quote(options.dir) });
  const dir = storeFolder(io.cwd, options.dir);
  let opened: RecordStore | undefined;
  const library = () => import('@sparrow/store');

  async function demandStore(): Promise<void> {
    const { StoreError, storeExists } = await library();
    if (storeExists(dir)) return;
    throw new StoreError('CONFIG_INVALID', phrase`there is no store in ${dir}`, {
      hint: phrase`name its folder or that of its project with --dir; a new one is made by: \`sparrow store init <schema>\``,
    });
  }

  /** The namespace that is asked for; without one the only one that has tables. */
  async function namespaceInUse(readOnly: true | 'alone'): Promise<string> {
    if (options.namespace !== undefined) return options.namespace;
    const { namespacesOf, openEngine, StoreError } = await library();
    const engine = await openEngine(dir, { readOnly });
    const names = (await namespacesOf(engine).finally(() => engine.close())).filter((name) => name !== LOAD_NAMESPACE);
    const [only = ''] = names;
    if (names.length <= 1 || names.includes('')) return names.includes('') ? '' : only;
    throw new StoreError('CONFIG_INVALID', phrase`the store has the tables of ${names.join(', ')}`, {
      hint: phrase`say which: --namespace ${only}`,
    });
  }

  const context: StoreContext & { close(): Promise<void> } = {
    io,
    dir,
    options,
    demandStore,
    next: (words) => io.say(phrase`  Next: sparrow store ${words}`),
    json: (value) =>
      io.json(
        options.json,
        JSON.parse(JSON.stringify(value, (_key, item) => (typeof item === 'bigint' ? item.toString() : item))),
      ),
    async open(more = {}) {
      const { openStore } = await library();
      if (more.schema === undefined || more.namespace === LOAD_NAMESPACE) await demandStore();
      // A new schema goes where it is told to, records go to the tables that are there.
      const namespace = more.schema === undefined ? await namespaceInUse('alone') : options.namespace;
      opened = await openStore(dir, { sweepEveryMs: 0, ...(namespace === undefined ? {} : { namespace }), ...more });
      return opened;
    },
    async openToRead() {
      const { openStore, StoreError } = await library();
      await demandStore();
      const openAs = async (readOnly: true | 'alone'): Promise<RecordStore> =>
        openStore(dir, { readOnly, namespace: await namespaceInUse(readOnly) });
      try {
        opened = await openAs('alone');
      } catch (error) {
        if (!(error instanceof StoreError) || error.code !== 'STORE_IN_USE') throw error;
        io.warn(phrase`Another process has the store open: this is what it had some tenths of a second ago.`);
        opened = await openAs(true);
      }
      return opened;
    },
    async close() {
      await opened?.close();
    },
  };
  return context;
}
