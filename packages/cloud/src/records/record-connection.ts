import type net from 'node:net';
import {
  FrameOutput,
  fromWire,
  jsonAt,
  keyMessage,
  type MessageDef,
  RECORD_ANSWER,
  RECORD_ANSWER_HEAD,
  RECORD_BATCH_GET,
  RECORD_CALL_HEAD,
  RECORD_CALLS_AT_ONCE,
  RECORD_DELETE,
  RECORD_ENCODED,
  RECORD_FOUND_HEAD,
  RECORD_FRAME_BYTES,
  RECORD_GET,
  RECORD_HAS_OPTIONS,
  RECORD_OPERATIONS,
  type RecordFailure,
  toWire,
  uint32At,
} from '@sparrow/protocol/record-wire';
import {
  type OpenedStore,
  type ReadRow,
  type RecordTable,
  type RecordValue,
  StoreError,
  WriteRefused,
} from '@sparrow/store';
import { phrase } from '../phrase.ts';

/** Bytes of answers after which a turn does not wait for its end: the backend decodes these while the next are made. */
const OUTPUT_BYTES = 16 * 1024;

/** A table as calls name it, by its number. */
export interface ServedTable {
  name: string;
  kind: string;
  operations: readonly string[];
  /** Of a GENERIC table. */
  records?: RecordTable;
  message: MessageDef;
  key: MessageDef;
  /** Every operation by its name. */
  methods: Record<string, (...args: unknown[]) => Promise<unknown>>;
}

export function servedTables(store: OpenedStore): ServedTable[] {
  return [...store.schema.tables.values()].map(({ name, kind, message, keyFields }) => {
    const key = keyMessage(
      message,
      keyFields.map((field) => field.name),
    );
    const generic = kind === 'GENERIC';
    const table = generic ? store.table(name) : store.list(name);
    return {
      name,
      kind,
      operations: RECORD_OPERATIONS[generic ? 'GENERIC' : 'LIST'],
      ...(generic ? { records: store.table(name) } : {}),
      message,
      key,
      methods: table as unknown as ServedTable['methods'],
    };
  });
}

/** A call whose record, key or keys stand in [at, end) as protobuf bytes. */
interface EncodedCall {
  /** Its number. */
  call: number;
  operation: number;
  table: ServedTable & { records: RecordTable };
  options: Record<string, unknown> | undefined;
  bytes: Buffer;
  at: number;
  end: number;
}

export interface RecordConnection {
  /**
   * Takes the frame of a call; false when it is the last one for now, until `onRoom`.
   *
   * @throws Error when it has not even a head
   */
  onFrame(bytes: Buffer, at: number, end: number): boolean;
  /** Sends the answers there are: at the end of an event. */
  flush(): void;
}

/**
 * Answers the calls of one connection that has shown its token. A get that the store answers at once is answered inside
 * of the event that brought it, from the stored bytes to the output; all answers of one event go out together.
 */
export function createRecordConnection(options: {
  socket: net.Socket;
  store: OpenedStore;
  tables: readonly ServedTable[];
  /** There is room for further calls. */
  onRoom(): void;
}): RecordConnection {
  const { socket, tables, onRoom } = options;
  const { messages } = options.store;
  const out = new FrameOutput();
  let running = 0;
  let scheduled = false;
  let full = false;
  let stopped = false;

  function flush(): void {
    scheduled = false;
    if (socket.destroyed || out.flush(socket) || full) return;
    // Who does not read its answers gets no further ones.
    full = true;
    stop();
    socket.once('drain', () => {
      full = false;
      flow();
    });
  }
  function stop(): void {
    stopped = true;
    socket.pause();
  }
  function flow(): void {
    if (!stopped || full || running >= RECORD_CALLS_AT_ONCE / 2) return;
    stopped = false;
    socket.resume();
    onRoom();
  }

  function answerJson(call: number, kind: number, value: unknown): void {
    const text = value === undefined ? '' : JSON.stringify(value);
    const size = checkAnswer(Buffer.byteLength(text));
    out.answer(call, kind, size);
    out.at += out.bytes.utf8Write(text, out.at, size);
  }
  const answerFailure = (call: number, error: unknown): void => answerJson(call, RECORD_ANSWER.failure, failure(error));

  function putRow(row: ReadRow): void {
    out.uint32(row.version);
    out.double(row.modified);
    out.double(row.expires);
    out.raw(row.value);
  }

  function answerRow(call: number, row: ReadRow | undefined, ifModifiedFrom: unknown): void {
    if (!row) return out.answer(call, RECORD_ANSWER.absent, 0);
    if (row.version === ifModifiedFrom) {
      out.answer(call, RECORD_ANSWER.notModified, 4);
      return out.uint32(row.version);
    }
    out.answer(call, RECORD_ANSWER.found, checkAnswer(RECORD_FOUND_HEAD + row.value.length));
    putRow(row);
  }

  function answerRows(call: number, rows: readonly (ReadRow | undefined)[]): void {
    let size = 0;
    for (const row of rows) size += row ? 4 + RECORD_FOUND_HEAD + row.value.length : 4;
    out.answer(call, RECORD_ANSWER.foundMany, checkAnswer(size));
    for (const row of rows) {
      out.uint32(row ? RECORD_FOUND_HEAD + row.value.length : 0);
      if (row) putRow(row);
    }
  }

  /** Answers when `result` is there. Answers of one turn go out together, the only one at once. */
  function later<T>(call: number, result: Promise<T>, show: (value: T) => void): void {
    running++;
    if (running >= RECORD_CALLS_AT_ONCE) stop();
    const done = (): void => {
      running--;
      if (running === 0) flush();
      else if (!scheduled) {
        scheduled = true;
        setImmediate(flush);
      }
      flow();
    };
    result.then(
      (value) => {
        try {
          show(value);
        } catch (error) {
          answerFailure(call, error);
        }
        done();
      },
      (error: unknown) => {
        answerFailure(call, error);
        done();
      },
    );
  }

  function encodedCall({ call, operation, table, options, bytes, at, end }: EncodedCall): void {
    const { records } = table;
    if (operation === RECORD_BATCH_GET) {
      const keys: RecordValue[] = [];
      for (let here = at; here < end; ) {
        const to = here + 4 <= end ? here + 4 + uint32At(bytes, here) : end + 1;
        if (to > end) throw malformed('a key ends behind it');
        keys.push(messages.decodeAt(table.key, bytes, here + 4, to));
        here = to;
      }
      return later(call, records.batchGetEncoded(keys, options), (rows) => answerRows(call, rows));
    }
    const value = messages.decodeAt(operation >= RECORD_DELETE ? table.key : table.message, bytes, at, end);
    if (operation === RECORD_GET) {
      const row = records.getEncoded(value, options);
      if (row instanceof Promise) later(call, row, (found) => answerRow(call, found, options?.ifModifiedFrom));
      else answerRow(call, row, options?.ifModifiedFrom);
      return;
    }
    const name = table.operations[operation] as 'insert' | 'replace' | 'update' | 'delete';
    later(call, records[name](value as RecordValue, options), (written) => {
      if (written.record) return answerJson(call, RECORD_ANSWER.value, toWire(written));
      out.answer(call, RECORD_ANSWER.written, 4);
      out.uint32(written.version);
    });
  }

  function take(call: number, bytes: Buffer, at: number, end: number): void {
    const head = bytes[at] as number;
    const number = ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number);
    at += 3;
    const table = tables[number];
    if (!table)
      throw new StoreError('TABLE_UNKNOWN', phrase`there is no table ${number}`, {
        hint: phrase`the schema has ${tables.length}`,
      });
    const operation = head & ~RECORD_HAS_OPTIONS;
    const { operations, records, methods } = table;
    const name = operations[operation];
    if (name === undefined)
      throw new StoreError('TABLE_KIND', phrase`${table.kind} table ${table.name} has no operation ${operation}`, {
        hint: phrase`it has ${operations.join(', ')}`,
      });
    if (records && operation < RECORD_ENCODED) {
      let options: Record<string, unknown> | undefined;
      if (head !== operation) {
        const size = at + 4 <= end ? uint32At(bytes, at) : end;
        at += 4;
        if (size > end - at) throw malformed('its options end behind it');
        options = fromWire(json(bytes, at, at + size)) as Record<string, unknown>;
        if (typeof options !== 'object' || options === null) throw malformed('its options are no object');
        at += size;
      }
      const generic = table as EncodedCall['table'];
      return encodedCall({ call, operation, table: generic, options, bytes, at, end });
    }
    const args = json(bytes, at, end);
    if (!Array.isArray(args)) throw malformed('its arguments are no array');
    const method = methods[name] as (...args: unknown[]) => Promise<unknown>;
    later(call, method(...args.map(fromWire)), (result) =>
      answerJson(
        call,
        RECORD_ANSWER.value,
        Array.isArray(result)
          ? result.map((entry) => (entry instanceof StoreError ? { e: failure(entry) } : (toWire(entry) ?? null)))
          : toWire(result),
      ),
    );
  }

  return {
    flush,
    onFrame(bytes, at, end) {
      if (end - at < RECORD_CALL_HEAD - 4) throw new Error('a frame without a head');
      const call = uint32At(bytes, at);
      try {
        take(call, bytes, at + 4, end);
      } catch (error) {
        answerFailure(call, error);
      }
      if (out.at > OUTPUT_BYTES) flush();
      return !stopped;
    },
  };
}

/** The bytes of an answer, which must fit a frame. */
function checkAnswer(size: number): number {
  if (size + RECORD_ANSWER_HEAD <= RECORD_FRAME_BYTES) return size;
  throw new StoreError('RECORD_TOO_LARGE', phrase`the answer has ${size} bytes`, {
    hint: phrase`ask for fewer records at once`,
  });
}

const malformed = (what: string): StoreError =>
  new StoreError('RECORD_MALFORMED', phrase`the call cannot be read: ${what}`, {
    hint: phrase`send frames as @sparrow/protocol describes them`,
  });

function json(bytes: Buffer, at: number, end: number): unknown {
  try {
    return jsonAt(bytes, at, end);
  } catch {
    throw malformed('it is no JSON');
  }
}

function failure(error: unknown): RecordFailure {
  if (!(error instanceof StoreError)) {
    // A call with arguments of the wrong shape ends here.
    return { code: 'FIELD_TYPE', message: (error as Error).message, hint: 'check the arguments of the call' };
  }
  return {
    code: error.code,
    message: error.message,
    hint: error.hint,
    ...(error.tcaplus === undefined ? {} : { tcaplus: error.tcaplus }),
    ...(error instanceof WriteRefused ? { version: error.version, record: toWire(error.record) } : {}),
  };
}
