import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  RECORD_CALLS_AT_ONCE,
  RECORD_OPERATIONS,
  RECORD_PROTOCOL_VERSION,
  type RecordCall,
  type RecordFailure,
  type RecordHello,
  type RecordOpenReply,
} from '@sparrow/protocol';
import { type OpenedStore, openStore, StoreError, WriteRefused } from '@sparrow/store';
import { equal } from '../ingress/guard.ts';
import { createFrameReader, encodeFrame, fromWire, toWire } from './record-frames.ts';

/** Name of the schema in a backend's folder. With it the backend has records. */
export const RECORD_SCHEMA_FILE = 'records.proto';

/** Records of one app and environment, served to its backend over a Unix socket. */
export interface RecordService {
  /** @throws StoreError when the schema or the store cannot be opened */
  open(): Promise<RecordOpenReply>;
  /** The store, once a backend or the console has asked for it. */
  store(): Promise<OpenedStore>;
  close(): Promise<void>;
}

export interface RecordServiceOptions {
  /** `.sparrow/store`. */
  dir: string;
  app: string;
  env: string;
  /** Folder of the backend, which has the schema. */
  backendDir: string | undefined;
  /** SPARROW_TOKEN of the backend: nobody else gets to these records. */
  token: string;
}

const HELLO_MS = 5_000;

export function createRecordService(options: RecordServiceOptions): RecordService {
  const { app, env, token } = options;
  let opening: Promise<OpenedStore> | undefined;
  let listening: Promise<string> | undefined;
  let server: net.Server | undefined;
  let folder: string | undefined;
  const sockets = new Set<net.Socket>();

  function store(): Promise<OpenedStore> {
    opening ??= openSchema().catch((error) => {
      // The next call tries again: the schema may be mended by then.
      opening = undefined;
      throw error;
    });
    return opening;
  }

  async function openSchema(): Promise<OpenedStore> {
    const file = options.backendDir && join(options.backendDir, RECORD_SCHEMA_FILE);
    if (!file || !existsSync(file))
      throw new StoreError('CONFIG_INVALID', `${app} has no ${RECORD_SCHEMA_FILE}`, {
        hint: `put the tables of the app into ${RECORD_SCHEMA_FILE} beside the backend's sources`,
      });
    return openStore(options.dir, {
      namespace: `${app}/${env}`,
      schema: readFileSync(file, 'utf8'),
      schemaFile: RECORD_SCHEMA_FILE,
    });
  }

  async function listen(): Promise<string> {
    // Paths of Unix sockets end at about a hundred bytes, so it is not put below the project.
    folder = mkdtempSync(join(tmpdir(), 'sparrow-rec-'));
    const path = join(folder, `${randomBytes(4).toString('hex')}.sock`);
    server = net.createServer(serve);
    await new Promise<void>((resolve, reject) => {
      server?.once('error', reject);
      server?.listen(path, resolve);
    });
    return path;
  }

  function serve(socket: net.Socket): void {
    sockets.add(socket);
    let known = false;
    let running = 0;
    let out: Buffer[] = [];
    const timer = setTimeout(() => socket.destroy(), HELLO_MS);
    /** Answers of one turn go out together. */
    const send = (message: unknown): void => {
      out.push(encodeFrame(message));
      // A lone call is answered at once.
      if (running <= 1) flush();
      else if (out.length === 1) setImmediate(flush);
    };
    const flush = (): void => {
      if (out.length === 0) return;
      const frames = out;
      out = [];
      if (!socket.destroyed) socket.write(frames.length === 1 ? (frames[0] as Buffer) : Buffer.concat(frames));
    };
    const read = createFrameReader((message) => {
      if (!known) {
        const hello = message as RecordHello;
        if (hello?.version !== RECORD_PROTOCOL_VERSION || !equal(hello.token, token)) {
          socket.end(
            encodeFrame({
              i: 0,
              e: { code: 'TOKEN_INVALID', message: 'not the token of this app', hint: 'pass SPARROW_TOKEN' },
            }),
          );
          return;
        }
        known = true;
        clearTimeout(timer);
        return;
      }
      const call = message as RecordCall;
      running++;
      if (running >= RECORD_CALLS_AT_ONCE) socket.pause();
      void answer(call).then((reply) => {
        send(reply);
        running--;
        if (running < RECORD_CALLS_AT_ONCE / 2) socket.resume();
      });
    });
    socket.on('data', (chunk: Buffer) => {
      try {
        read(chunk);
      } catch {
        socket.destroy();
      }
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      clearTimeout(timer);
      sockets.delete(socket);
    });
  }

  async function answer(call: RecordCall): Promise<object> {
    const i = Number(call?.i);
    try {
      const records = await store();
      const { kind } = records.codec(String(call.t)).table;
      const allowed: readonly string[] = RECORD_OPERATIONS[kind === 'GENERIC' ? 'GENERIC' : 'LIST'];
      if (!allowed.includes(call.o) || !Array.isArray(call.a))
        throw new StoreError('TABLE_KIND', `${kind} table ${call.t} has no operation ${String(call.o)}`, {
          hint: `it has ${allowed.join(', ')}`,
        });
      const table = (kind === 'GENERIC' ? records.table(call.t) : records.list(call.t)) as unknown as Record<
        string,
        (...args: unknown[]) => Promise<unknown>
      >;
      const result = await (table[call.o] as (...args: unknown[]) => Promise<unknown>)(...call.a.map(fromWire));
      const shown = Array.isArray(result)
        ? result.map((entry) => (entry instanceof StoreError ? { e: failure(entry) } : (toWire(entry) ?? null)))
        : toWire(result);
      return { i, r: shown };
    } catch (error) {
      return { i, e: failure(error) };
    }
  }

  return {
    store,
    async open() {
      const records = await store();
      listening ??= listen();
      return {
        socket: await listening,
        version: RECORD_PROTOCOL_VERSION,
        tables: [...records.schema.tables.values()].map(({ name, kind }) => ({ name, kind })),
      };
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()));
      if (folder) rmSync(folder, { recursive: true, force: true });
      const records = await opening?.catch(() => undefined);
      await records?.close();
    },
  };
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
