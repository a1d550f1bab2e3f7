import net from 'node:net';
import type { SparrowConfig } from './config.ts';
import { SparrowSdkError } from './errors.ts';
import type { ServiceClient } from './service-client.ts';

// Shapes of @sparrow/protocol's records.ts, written here because an installed SDK brings nothing along.
interface RecordFailure {
  code: string;
  message: string;
  hint: string;
  tcaplus?: number;
  version?: number;
  record?: unknown;
}
type RecordAnswer = { i: number; r?: unknown } | { i: number; e: RecordFailure };

/** A record as it was found. */
export interface FoundRecord<R> {
  record: R;
  version: number;
  /** Milliseconds UTC of the last change. */
  modified: number;
  /** Milliseconds UTC, 0 is never. */
  expires: number;
}

export interface RecordWriteOptions {
  /** 1: the version must be the stored one (default), 2: overwrite it, 3: do not look. */
  policy?: 1 | 2 | 3;
  /** Version of the request; 0 is any. */
  version?: number;
  /** What must be so of the stored record, e.g. `gold >= 10`. */
  condition?: string;
  resultFlag?: { success?: 0 | 1 | 2 | 3; failure?: 0 | 1 | 2 | 3 };
  /** Life of the record, ms. */
  ttlMs?: number;
  timeoutMs?: number;
}

export interface WrittenRecord<R> {
  version: number;
  record?: R;
}

type Row = Record<string, unknown>;

/** One record a key. int64 fields are bigint, bytes are Uint8Array. */
export interface SparrowTable<R = Row, K = Row> {
  insert(record: R, options?: RecordWriteOptions): Promise<WrittenRecord<R>>;
  replace(record: R, options?: RecordWriteOptions): Promise<WrittenRecord<R>>;
  update(record: R, options?: RecordWriteOptions): Promise<WrittenRecord<R>>;
  delete(key: K, options?: RecordWriteOptions): Promise<WrittenRecord<R>>;
  /** Undefined when there is none. */
  get(key: K): Promise<FoundRecord<R> | undefined>;
  batchGet(keys: readonly K[]): Promise<(FoundRecord<R> | null)[]>;
  fieldGet(key: K, fields: readonly string[]): Promise<{ version: number; values: Row } | undefined>;
  fieldUpdate(
    key: K,
    values: Row,
    options?: RecordWriteOptions & { insertIfAbsent?: boolean },
  ): Promise<WrittenRecord<R>>;
  fieldIncrease(
    key: K,
    deltas: Record<string, bigint | number>,
    options?: RecordWriteOptions & { insertIfAbsent?: boolean; lower?: bigint | number; upper?: bigint | number },
  ): Promise<WrittenRecord<R>>;
  getByPartKey(
    part: Partial<K>,
    options?: { limit?: number; cursor?: string },
  ): Promise<{ records: FoundRecord<R>[]; cursor?: string }>;
  /** `select * from Table where …`, by an index. */
  query(text: string): Promise<{ records: FoundRecord<R>[]; values?: unknown[] }>;
  traverse(options?: { limit?: number; cursor?: string }): Promise<{ records: FoundRecord<R>[]; cursor?: string }>;
  count(): Promise<number>;
}

export interface ListEntry<R> {
  index: number;
  record: R;
  version: number;
}

/** A list of elements a key. */
export interface SparrowList<R = Row, K = Row> {
  /** Index -1 is the end, -2 the beginning. `shift` 1 drops the head of a full list, 2 its tail. */
  listAddAfter(record: R, index?: number, options?: { shift?: 0 | 1 | 2 }): Promise<{ index: number; version: number }>;
  listGet(key: K, index: number): Promise<ListEntry<R> | undefined>;
  /** A negative offset counts from the end. */
  listGetAll(
    key: K,
    options?: { offset?: number; limit?: number },
  ): Promise<{ elements: ListEntry<R>[]; total: number; version: number }>;
  listReplace(record: R, index: number): Promise<{ index: number; version: number }>;
  listDelete(key: K, index: number): Promise<{ index: number; version: number }>;
  listDeleteAll(key: K): Promise<{ deleted: number }>;
  listCount(key: K): Promise<number>;
}

/** The records of this app, apart from those of every other. Its tables stand in `records.proto` beside the backend's sources. */
export interface SparrowStore {
  table<R = Row, K = Row>(name: string): SparrowTable<R, K>;
  list<R = Row, K = Row>(name: string): SparrowList<R, K>;
  close(): void;
}

/** A refusal of the record store: `storeCode` is its code (NOT_FOUND, EXISTS, VERSION_MISMATCH …), `tcaplus` that of TCaplus. */
export class SparrowRecordError extends SparrowSdkError {
  readonly storeCode: string;
  readonly tcaplus: number | undefined;
  readonly version: number | undefined;
  readonly record: unknown;
  constructor(failure: RecordFailure) {
    super('ERR_RECORD_STORE', `${failure.code}: ${failure.message}`, { hint: failure.hint });
    this.name = 'SparrowRecordError';
    this.storeCode = failure.code;
    this.tcaplus = failure.tcaplus;
    this.version = failure.version;
    this.record = fromWire(failure.record);
  }
}

const OPEN_PATH = '/records/v1/open';
const VERSION = 1;
const CALL_MS = 15_000;

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
  timer: ReturnType<typeof setTimeout>;
}

/** One connection for all calls, opened with the first. */
export function createStoreApi(config: SparrowConfig, client: ServiceClient): SparrowStore {
  let connecting: Promise<net.Socket> | undefined;
  const waiting = new Map<number, Waiting>();
  let next = 1;
  let out: Buffer[] = [];

  async function connect(): Promise<net.Socket> {
    const { socket: path } = await client.call<{ socket: string }>(OPEN_PATH, {});
    const socket = net.connect(path);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    let rest: Buffer = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      let bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      while (bytes.length >= 4 && bytes.length >= 4 + bytes.readUInt32BE(0)) {
        const end = 4 + bytes.readUInt32BE(0);
        settle(JSON.parse(bytes.toString('utf8', 4, end)) as RecordAnswer);
        bytes = bytes.subarray(end);
      }
      rest = bytes;
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      connecting = undefined;
      const lost = new SparrowRecordError({
        code: 'INDETERMINATE',
        message: 'the connection to the record service was lost',
        hint: 'a write may have happened or not: read the record',
      });
      for (const [id, entry] of waiting) {
        waiting.delete(id);
        clearTimeout(entry.timer);
        entry.reject(lost);
      }
    });
    socket.write(encode({ version: VERSION, token: config.token }));
    // An idle connection does not keep the program alive.
    socket.unref();
    return socket;
  }

  function settle(answer: RecordAnswer): void {
    const entry = waiting.get(answer.i);
    if (!entry) return;
    waiting.delete(answer.i);
    clearTimeout(entry.timer);
    if ('e' in answer) entry.reject(new SparrowRecordError(answer.e));
    else entry.resolve(fromWire(answer.r));
  }

  async function call(table: string, operation: string, args: unknown[]): Promise<unknown> {
    connecting ??= connect().catch((error) => {
      connecting = undefined;
      throw error;
    });
    const socket = await connecting;
    const id = next++;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        waiting.delete(id);
        reject(
          new SparrowRecordError({
            code: 'INDETERMINATE',
            message: `${operation} got no answer in ${CALL_MS} ms`,
            hint: 'read the record',
          }),
        );
      }, CALL_MS);
      waiting.set(id, { resolve, reject, timer });
      if (out.length === 0)
        queueMicrotask(() => {
          const frames = out;
          out = [];
          socket.write(frames.length === 1 ? (frames[0] as Buffer) : Buffer.concat(frames));
        });
      out.push(encode({ i: id, t: table, o: operation, a: args.map(toWire) }));
    });
  }

  function facade(
    table: string,
    operations: readonly string[],
  ): Record<string, (...args: unknown[]) => Promise<unknown>> {
    return Object.fromEntries(
      operations.map((operation) => [operation, (...args: unknown[]) => call(table, operation, args)]),
    );
  }

  return {
    table: (name) => facade(name, GENERIC) as never,
    list: (name) => facade(name, LIST) as never,
    close() {
      void connecting?.then(
        (socket) => socket.destroy(),
        () => {},
      );
    },
  };
}

const GENERIC = [
  ...['insert', 'replace', 'update', 'delete', 'get', 'batchGet', 'batch', 'fieldGet', 'fieldUpdate', 'fieldIncrease'],
  ...['getByPartKey', 'query', 'traverse', 'count', 'changes'],
];
const LIST = [
  ...[
    'listAddAfter',
    'listGet',
    'listGetAll',
    'listReplace',
    'listDelete',
    'listDeleteBatch',
    'listDeleteAll',
    'listCount',
    'changes',
  ],
];

function encode(message: unknown): Buffer {
  const text = JSON.stringify(message);
  const size = Buffer.byteLength(text);
  const frame = Buffer.allocUnsafe(4 + size);
  frame.writeUInt32BE(size, 0);
  frame.write(text, 4, 'utf8');
  return frame;
}

/** Values that JSON has not, tagged. */
function toWire(value: unknown): unknown {
  if (typeof value === 'bigint') return { $n: value.toString() };
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Uint8Array) return { $b: Buffer.from(value).toString('base64') };
  if (Array.isArray(value)) return value.map(toWire);
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key.startsWith('$') ? `$${key}` : key, toWire(item)]),
  );
}

function fromWire(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(fromWire);
  const tagged = value as { $n?: unknown; $b?: unknown };
  if (typeof tagged.$n === 'string') return BigInt(tagged.$n);
  if (typeof tagged.$b === 'string') return new Uint8Array(Buffer.from(tagged.$b, 'base64'));
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key.startsWith('$$') ? key.slice(1) : key, fromWire(item)]),
  );
}
