import { createServer } from 'node:http';
import net from 'node:net';
import { join } from 'node:path';
import { RECORD_PROTOCOL_VERSION } from '@sparrow/protocol';
import { createFrameReader, FrameOutput } from '@sparrow/protocol/record-wire';
import { createSparrow, type SparrowStore } from '@sparrow/sdk/server';
import { createRecordService, type RecordService } from '../src/records/record-service.ts';
import { writeProject } from './harness.ts';

export const TOKEN = 'secret of the app';

export interface ServedRecords {
  service: RecordService;
  /** Path of its socket. */
  path: string;
  /** A backend's SDK with a connection of its own. */
  connect(): Promise<SparrowStore>;
  close(): Promise<void>;
}

/** A record service on a folder, and backends beside it. `config` is `store.json`. */
export async function serveRecords(dir: string, schema: string, config: object = {}): Promise<ServedRecords> {
  writeProject(dir, { 'records.proto': schema, 'store/store.json': config });
  const service = createRecordService({
    dir: join(dir, 'store'),
    app: 'a',
    env: 'local',
    backendDir: dir,
    token: TOKEN,
  });
  const { socket: path } = await service.open();
  const closers: (() => void)[] = [];
  return {
    service,
    path,
    async connect() {
      const control = createServer((_request, response) => response.end(JSON.stringify({ socket: path })));
      await new Promise<void>((resolve) => control.listen(0, '127.0.0.1', resolve));
      const { port } = control.address() as { port: number };
      const { store } = createSparrow({
        port: 1,
        url: `http://127.0.0.1:${port}`,
        token: TOKEN,
        dataDir: dir,
        app: 'a',
        env: 'local',
      });
      closers.push(() => {
        store.close();
        control.close();
      });
      return store;
    },
    async close() {
      for (const close of closers) close();
      await service.close();
    },
  };
}

export interface RawConnection {
  socket: net.Socket;
  /** Frames that came, without their lengths. */
  frames: Buffer[];
  closed: Promise<void>;
}

/** A connection that says whatever a test wants, behind a hello that is good unless another is given. */
export async function connectRaw(
  path: string,
  hello: unknown = { version: RECORD_PROTOCOL_VERSION, token: TOKEN },
): Promise<RawConnection> {
  const socket = net.connect(path);
  const frames: Buffer[] = [];
  const reader = createFrameReader((bytes, at, end) => {
    frames.push(Buffer.from(bytes.subarray(at, end)));
    return true;
  });
  socket.on('data', (chunk) => reader.read(chunk));
  socket.on('error', () => {});
  const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()));
  await new Promise<void>((resolve) => socket.once('connect', resolve));
  const out = new FrameOutput();
  out.json(hello);
  out.flush(socket);
  return { socket, frames, closed };
}
