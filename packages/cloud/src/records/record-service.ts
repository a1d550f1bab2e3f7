import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RECORD_PROTOCOL_VERSION, type RecordHello, type RecordOpenReply } from '@sparrow/protocol';
import {
  createFrameReader,
  describeMessages,
  FrameOutput,
  jsonAt,
  type RecordFailure,
  type RecordTurnedAway,
  type RecordWelcome,
} from '@sparrow/protocol/record-wire';
import { type OpenedStore, openStore, StoreError } from '@sparrow/store';
import { equal } from '../access/secrets.ts';
import { phrase } from '../phrase.ts';
import { createRecordConnection, type RecordConnection, type ServedTable, servedTables } from './record-connection.ts';

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

/** What every connection shares. */
interface Served {
  store: OpenedStore;
  tables: ServedTable[];
  welcome: RecordWelcome;
}

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
      throw new StoreError('CONFIG_INVALID', phrase`${app} has no ${RECORD_SCHEMA_FILE}`, {
        hint: phrase`put the tables of the app into ${RECORD_SCHEMA_FILE} beside the backend's sources`,
      });
    return openStore(options.dir, {
      namespace: `${app}/${env}`,
      schema: readFileSync(file, 'utf8'),
      schemaFile: RECORD_SCHEMA_FILE,
    });
  }

  async function listen(records: OpenedStore): Promise<string> {
    // Paths of Unix sockets end at about a hundred bytes, so it is not put below the project.
    folder = mkdtempSync(join(tmpdir(), 'sparrow-rec-'));
    const path = join(folder, `${randomBytes(4).toString('hex')}.sock`);
    const served = describe(records);
    server = net.createServer((socket) => serve(socket, served));
    await new Promise<void>((resolve, reject) => {
      server?.once('error', reject);
      server?.listen(path, resolve);
    });
    return path;
  }

  function serve(socket: net.Socket, served: Served): void {
    sockets.add(socket);
    let connection: RecordConnection | undefined;
    const timer = setTimeout(() => socket.destroy(), HELLO_MS);
    const output = new FrameOutput();
    const send = (message: RecordWelcome | RecordTurnedAway): void => {
      output.json(message);
      output.flush(socket);
    };

    function onHello(bytes: Buffer, at: number, end: number): void {
      const hello = jsonAt(bytes, at, end) as RecordHello | null;
      const refusal = refusalOf(hello, token);
      if (refusal) {
        send({ i: 0, e: refusal });
        socket.end();
        return;
      }
      clearTimeout(timer);
      connection = createRecordConnection({ ...served, socket, onRoom: () => take(undefined) });
      send(served.welcome);
    }

    const reader = createFrameReader((bytes, at, end) => {
      if (connection) return connection.onFrame(bytes, at, end);
      // Behind a refused hello nothing is looked at.
      if (socket.writable) onHello(bytes, at, end);
      return true;
    });
    /** Whatever is no frame, or has not even a head, ends the connection. */
    function take(chunk: Buffer | undefined): void {
      try {
        if (chunk) reader.read(chunk);
        else reader.resume();
        connection?.flush();
      } catch {
        socket.destroy();
      }
    }
    socket.on('data', take);
    socket.on('error', () => {});
    socket.on('close', () => {
      clearTimeout(timer);
      sockets.delete(socket);
    });
  }

  return {
    store,
    async open() {
      const records = await store();
      listening ??= listen(records);
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

function describe(store: OpenedStore): Served {
  const tables = servedTables(store);
  return {
    store,
    tables,
    welcome: {
      version: RECORD_PROTOCOL_VERSION,
      tables: [...store.schema.tables.values()].map(({ name, kind, message, keyFields }) => ({
        name,
        kind,
        message: message.name,
        key: keyFields.map((field) => field.name),
      })),
      messages: describeMessages(tables.map(({ message }) => message)),
      maxDepth: store.limits.messageDepth,
    },
  };
}

function refusalOf(hello: RecordHello | null, token: string): RecordFailure | undefined {
  if (hello?.version !== RECORD_PROTOCOL_VERSION)
    return {
      code: 'PROTOCOL_VERSION',
      message: `this record service speaks version ${RECORD_PROTOCOL_VERSION}, not ${String(hello?.version)}`,
      hint: 'install the SDK of this Sparrow in the backend',
    };
  if (!equal(hello.token, token))
    return { code: 'TOKEN_INVALID', message: 'not the token of this app', hint: 'pass SPARROW_TOKEN' };
  return undefined;
}
