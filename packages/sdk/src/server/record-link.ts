import net from 'node:net';
import {
  createFrameReader,
  createMessageCodec,
  FrameOutput,
  fromWire,
  isPlain,
  jsonAt,
  keyMessage,
  type MessageDef,
  messagesOf,
  own,
  RECORD_ANSWER,
  RECORD_ANSWER_HEAD,
  RECORD_BATCH_GET,
  RECORD_CALL_HEAD,
  RECORD_DELETE,
  RECORD_ENCODED,
  RECORD_FOUND_HEAD,
  RECORD_FRAME_BYTES,
  RECORD_HAS_OPTIONS,
  RECORD_OPERATIONS,
  RECORD_PROTOCOL_VERSION,
  type RecordFailure,
  type RecordTurnedAway,
  type RecordValue,
  type RecordWelcome,
  setOwn,
  toWire,
  uint32At,
} from '@sparrow/protocol/record-wire';
import { SparrowRecordError } from './record-error.ts';

export type LinkKind = keyof typeof RECORD_OPERATIONS;

/** One connection to the record service, for all calls. */
export interface RecordLink {
  /** `operation` is the place among those of the kind, RECORD_OPERATIONS. Rejects with a SparrowRecordError. */
  call(kind: LinkKind, table: string, operation: number, args: readonly unknown[]): Promise<unknown>;
  close(): void;
}

interface LinkTable {
  name: string;
  kind: string;
  number: number;
  operations: readonly string[];
  message: MessageDef;
  key: MessageDef;
}

/** A call that waits for its answer. Its number stays taken until the answer comes, however late. */
interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
  message: MessageDef;
  operation: string;
  /** The sweep it began in. */
  since: number;
  given: boolean;
}

/** Milliseconds between two looks at the deadlines, and looks that a call waits for. */
const SWEEP_MS = 1_000;
const SWEEPS = 15;
const CALLS_AT_MOST = 1 << 18;
/** Bytes of calls after which a turn does not wait for its end. */
const OUTPUT_BYTES = 256 * 1024;
const READ_BYTES = 64 * 1024;

const failed = (code: string, message: string, hint: string): SparrowRecordError =>
  new SparrowRecordError({ code, message, hint });
const lost = (): SparrowRecordError =>
  failed(
    'INDETERMINATE',
    'the connection to the record service was lost',
    'a write may have happened or not: read the record',
  );

/** @param options.onClose the connection is gone; every call was rejected */
export function openRecordLink(options: { path: string; token: string; onClose(): void }): Promise<RecordLink> {
  return new Promise((resolve, reject) => {
    let link: { link: RecordLink; onFrame: OnFrame; onClose(): void } | undefined;
    const reader = createFrameReader((bytes, at, end) => {
      if (link) link.onFrame(bytes, at, end);
      else onWelcome(bytes, at, end);
      return true;
    });
    function onWelcome(bytes: Buffer, at: number, end: number): void {
      const welcome = jsonAt(bytes, at, end) as RecordWelcome | RecordTurnedAway;
      if ('e' in welcome) {
        reject(new SparrowRecordError(welcome.e));
        socket.destroy();
        return;
      }
      clearTimeout(timer);
      // An idle connection does not keep the program alive.
      socket.unref();
      link = createLink(socket, welcome);
      resolve(link.link);
    }
    const socket = net.connect({
      path: options.path,
      // One buffer for all that is read: the bytes are decoded before the next ones come.
      onread: {
        buffer: Buffer.allocUnsafeSlow(READ_BYTES),
        callback(size, bytes) {
          try {
            reader.read((bytes as Buffer).subarray(0, size));
          } catch {
            socket.destroy();
          }
          return true;
        },
      },
    });
    const timer = setTimeout(() => socket.destroy(), SWEEP_MS * SWEEPS);
    socket.on('connect', () => {
      const out = new FrameOutput();
      out.json({ version: RECORD_PROTOCOL_VERSION, token: options.token });
      out.flush(socket);
    });
    socket.on('error', reject);
    socket.on('close', () => {
      clearTimeout(timer);
      reject(lost());
      link?.onClose();
      options.onClose();
    });
  });
}

type OnFrame = (bytes: Buffer, at: number, end: number) => void;

function createLink(
  socket: net.Socket,
  welcome: RecordWelcome,
): { link: RecordLink; onFrame: OnFrame; onClose(): void } {
  const codec = createMessageCodec({ maxDepth: welcome.maxDepth, refuse: failed });
  const tables = tablesOf(welcome);
  const waiting: (Waiting | undefined)[] = [];
  /** Numbers of calls that are not in use. */
  const free: number[] = [];
  const out = new FrameOutput();
  let scheduled = false;
  let running = 0;
  let sweeps = 0;
  // Calls under way keep the program alive by this timer.
  const timer = setInterval(sweep, SWEEP_MS).unref();

  function sweep(): void {
    sweeps++;
    for (const entry of waiting)
      if (entry && !entry.given && sweeps - entry.since > SWEEPS) {
        entry.given = true;
        entry.reject(
          failed('INDETERMINATE', `${entry.operation} got no answer in ${SWEEPS * SWEEP_MS} ms`, 'read the record'),
        );
        if (--running === 0) timer.unref();
      }
  }

  function flush(): void {
    scheduled = false;
    out.flush(socket);
  }

  /** The frame of this call is in the output. */
  function wait(call: number, table: LinkTable, operation: number): Promise<unknown> {
    if (out.at > OUTPUT_BYTES) out.flush(socket);
    else if (!scheduled) {
      // Behind the microtasks: whoever goes on with an answer of this turn comes along.
      scheduled = true;
      process.nextTick(flush);
    }
    if (running++ === 0) timer.ref();
    return new Promise((resolve, reject) => {
      waiting[call] = {
        resolve,
        reject,
        message: table.message,
        operation: table.operations[operation] as string,
        since: sweeps,
        given: false,
      };
    });
  }

  function nextCall(): number {
    const call = free.pop() ?? waiting.length;
    if (call >= CALLS_AT_MOST)
      throw failed('OVERLOADED', `${CALLS_AT_MOST} calls wait for their answers`, 'wait for some before making more');
    return call;
  }

  function encodedCall(table: LinkTable, operation: number, value: unknown, options: unknown): Promise<unknown> {
    let head = operation;
    let json: Buffer | undefined;
    if (options !== undefined) {
      json = Buffer.from(JSON.stringify(toWire(options)));
      head |= RECORD_HAS_OPTIONS;
    }
    const start = out.at;
    const body = start + RECORD_CALL_HEAD + (json ? 4 + json.length : 0);
    let bytes: Buffer | undefined;
    let end = -1;
    if (operation === RECORD_BATCH_GET) bytes = keysOf(table, value);
    else {
      const message = operation >= RECORD_DELETE ? table.key : table.message;
      const record = keyOf(table, value as RecordValue, operation >= RECORD_DELETE);
      end = codec.encodeInto(message, record, out.bytes, body);
      if (end < 0) bytes = codec.encode(message, record);
    }
    if (bytes) end = body + bytes.length;
    checkSize(end - start);
    const call = nextCall();
    out.call(call, head, table.number, end - start - RECORD_CALL_HEAD);
    if (json) {
      out.uint32(json.length);
      out.raw(json);
    }
    if (bytes) out.raw(bytes);
    else out.at = end;
    return wait(call, table, operation);
  }

  /** Keys, each behind its length. */
  function keysOf(table: LinkTable, keys: unknown): Buffer {
    if (!Array.isArray(keys)) throw failed('FIELD_TYPE', 'the keys are no array', 'give an array of keys');
    const parts: Buffer[] = [];
    for (const key of keys) {
      const bytes = codec.encode(table.key, keyOf(table, key as RecordValue, true));
      const length = Buffer.allocUnsafe(4);
      length.writeUInt32BE(bytes.length);
      parts.push(length, bytes);
    }
    return Buffer.concat(parts);
  }

  function call(kind: LinkKind, name: string, operation: number, args: readonly unknown[]): Promise<unknown> {
    try {
      const table = tables.get(name);
      if (!table || (table.kind === 'GENERIC') !== (kind === 'GENERIC'))
        throw table
          ? failed('TABLE_KIND', `${name} is a ${table.kind} table`, `it has ${table.operations.join(', ')}`)
          : failed('TABLE_UNKNOWN', `there is no table ${name}`, `the schema has ${[...tables.keys()].join(', ')}`);
      if (kind === 'GENERIC' && operation < RECORD_ENCODED) return encodedCall(table, operation, args[0], args[1]);
      const json = Buffer.from(JSON.stringify(args.map(toWire)));
      checkSize(json.length + RECORD_CALL_HEAD);
      const number = nextCall();
      out.call(number, operation, table.number, json.length);
      out.raw(json);
      return wait(number, table, operation);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  function onFrame(bytes: Buffer, at: number, end: number): void {
    const number = uint32At(bytes, at);
    const entry = waiting[number];
    if (!entry) return;
    waiting[number] = undefined;
    free.push(number);
    if (entry.given) return;
    if (--running === 0) timer.unref();
    try {
      const body = at + RECORD_ANSWER_HEAD - 4;
      const kind = bytes[body - 1];
      if (kind === RECORD_ANSWER.failure)
        entry.reject(new SparrowRecordError(jsonAt(bytes, body, end) as RecordFailure));
      else entry.resolve(resultOf(kind, entry.message, bytes, body, end));
    } catch (error) {
      entry.reject(error as Error);
    }
  }

  const foundAt = (message: MessageDef, bytes: Buffer, at: number, end: number): object => ({
    code: 0,
    record: codec.decodeAt(message, bytes, at + RECORD_FOUND_HEAD, end),
    version: uint32At(bytes, at),
    modified: bytes.readDoubleBE(at + 4),
    expires: bytes.readDoubleBE(at + 12),
  });

  function manyAt(message: MessageDef, bytes: Buffer, at: number, end: number): (object | null)[] {
    const found: (object | null)[] = [];
    for (let here = at; here < end; ) {
      const to = here + 4 + uint32At(bytes, here);
      found.push(to === here + 4 ? null : foundAt(message, bytes, here + 4, to));
      here = to;
    }
    return found;
  }

  function resultOf(kind: number | undefined, message: MessageDef, bytes: Buffer, at: number, end: number): unknown {
    switch (kind) {
      case RECORD_ANSWER.found:
        return foundAt(message, bytes, at, end);
      case RECORD_ANSWER.foundMany:
        return manyAt(message, bytes, at, end);
      case RECORD_ANSWER.written:
        return { code: 0, version: uint32At(bytes, at) };
      case RECORD_ANSWER.notModified:
        return { code: 288, version: uint32At(bytes, at) };
      case RECORD_ANSWER.value:
        return at === end ? undefined : fromWire(jsonAt(bytes, at, end));
      default:
        return undefined;
    }
  }

  return {
    link: { call, close: () => socket.destroy() },
    onFrame,
    onClose() {
      clearInterval(timer);
      const gone = lost();
      for (const entry of waiting.splice(0)) if (entry && !entry.given) entry.reject(gone);
    },
  };
}

function tablesOf(welcome: RecordWelcome): Map<string, LinkTable> {
  const messages = messagesOf(welcome.messages);
  return new Map(
    welcome.tables.map(({ name, kind, message: messageName, key }, number): [string, LinkTable] => {
      const message = messages.get(messageName) as MessageDef;
      const operations = RECORD_OPERATIONS[kind === 'GENERIC' ? 'GENERIC' : 'LIST'];
      return [name, { name, kind, number, operations, message, key: keyMessage(message, key) }];
    }),
  );
}

/**
 * Checks that the key is there, as the store does: on the wire an absent field of a record is its default. Answers the
 * key alone, or the record.
 */
function keyOf(table: LinkTable, value: RecordValue, alone: boolean): RecordValue {
  if (!isPlain(value))
    throw failed('FIELD_TYPE', `a ${table.message.name} must be an object`, 'give a plain object of its fields');
  const picked: RecordValue | undefined = alone ? {} : undefined;
  const { fields } = table.key;
  for (let i = 0; i < fields.length; i++) {
    const { name } = fields[i] as (typeof fields)[number];
    const part = own(value, name);
    if (part === undefined || part === null)
      throw failed(
        'KEY_MISSING',
        `the field ${name} of the key is not given`,
        `give ${fields.map((field) => field.name).join(', ')}`,
      );
    if (picked) setOwn(picked, name, part);
  }
  return picked ?? value;
}

function checkSize(bytes: number): void {
  if (bytes > RECORD_FRAME_BYTES)
    throw failed('RECORD_TOO_LARGE', `the call has ${bytes} bytes`, `at most ${RECORD_FRAME_BYTES} are allowed`);
}
