import type { RequestResult } from '@sparrow/protocol';
import { type Call, NativeFailure, type NativeHandlers } from './dispatch.ts';
import type { ProgramFiles } from './program-files.ts';
import { headerValue, type RelayClient, type RelayMeta } from './relay-client.ts';

type NetworkHandlers = Pick<
  NativeHandlers,
  'request' | 'uploadFile' | 'downloadFile' | 'connectSocket' | 'sendSocketMessage' | 'closeSocket'
>;

/** Requests, uploads and downloads that run at the same time (the network chapter of the guide); the others wait. */
const PARALLEL = 10;
/** Sockets of one phone. The logic layer allows a program five; this holds for whatever it sends instead. */
const MAX_SOCKETS = 10;

export function createNetworkHandlers(
  relay: RelayClient,
  files: Pick<ProgramFiles, 'open'>,
): NetworkHandlers & { closeAll(): void } {
  const sockets = new Map<number, WebSocket>();
  const lanes = createLanes(PARALLEL);
  const ask: RelayClient['request'] = (wanted, body, signal, taker) =>
    lanes.run(signal, () => relay.request(wanted, body, signal, taker));

  return {
    async request(params, call): Promise<RequestResult> {
      const { url, method, header, timeout, data } = params;
      const head = ({ statusCode, header, cookies }: RelayMeta): void =>
        call.progress('headers', { statusCode, header, cookies });
      const taker = { head, chunk: (chunk: ArrayBuffer): void => call.progress('chunk', { data: chunk }) };
      const { meta, body } = await ask(
        { url, method, header, timeout },
        data,
        call.signal,
        params.chunked ? taker : undefined,
      );
      if (!params.chunked) head(meta);
      return {
        statusCode: meta.statusCode,
        header: meta.header,
        cookies: meta.cookies,
        data: params.responseType === 'arraybuffer' ? body : new TextDecoder().decode(body),
      };
    },

    async uploadFile(params, call) {
      const file = await files.open(params.filePath);
      const form = new FormData();
      for (const [name, value] of Object.entries(params.formData)) form.append(name, value);
      form.append(params.name, file, params.filePath.slice(params.filePath.lastIndexOf('/') + 1));
      const encoded = new Response(form);
      const body = await encoded.arrayBuffer();
      const header = { ...params.header, 'content-type': encoded.headers.get('content-type') ?? 'multipart/form-data' };
      call.progress('progress', { progress: 0, totalBytesSent: 0, totalBytesExpectedToSend: body.byteLength });
      const answer = await ask({ url: params.url, method: 'POST', header, timeout: params.timeout }, body, call.signal);
      call.progress('headers', { statusCode: answer.meta.statusCode, header: answer.meta.header });
      call.progress('progress', {
        progress: 100,
        totalBytesSent: body.byteLength,
        totalBytesExpectedToSend: body.byteLength,
      });
      return {
        statusCode: answer.meta.statusCode,
        header: answer.meta.header,
        data: new TextDecoder().decode(answer.body),
      };
    },

    async downloadFile(params, call) {
      const { meta, body } = await ask(
        { url: params.url, method: 'GET', header: params.header, timeout: params.timeout },
        undefined,
        call.signal,
      );
      call.progress('headers', { statusCode: meta.statusCode, header: meta.header });
      const type = headerValue(meta.header, 'content-type') ?? 'application/octet-stream';
      const file = new Blob([body], { type });
      const path = await relay.keepFile(file, params.url);
      call.progress('progress', {
        progress: 100,
        totalBytesWritten: body.byteLength,
        totalBytesExpectedToWrite: body.byteLength,
      });
      return {
        statusCode: meta.statusCode,
        header: meta.header,
        tempFilePath: path,
      };
    },

    connectSocket(params, call) {
      if (sockets.size >= MAX_SOCKETS || sockets.has(params.socketId)) throw new NativeFailure('max socket count');
      return connect(relay, sockets, params, call);
    },
    sendSocketMessage({ socketId, data }) {
      const socket = sockets.get(socketId);
      if (socket?.readyState !== WebSocket.OPEN) throw new NativeFailure('the socket is not open');
      socket.send(typeof data === 'string' ? `m${data}` : data);
      return {};
    },
    closeSocket({ socketId, code, reason }) {
      const socket = sockets.get(socketId);
      if (socket?.readyState === WebSocket.OPEN) socket.send(`c${JSON.stringify({ code, reason })}`);
      return {};
    },
    closeAll() {
      for (const socket of sockets.values()) socket.close();
      sockets.clear();
    },
  };
}

/** So many at a time, in order; who is aborted while waiting is not begun. */
function createLanes(count: number): { run<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> } {
  const waiting: (() => void)[] = [];
  let busy = 0;
  return {
    async run(signal, work) {
      if (busy >= count) await new Promise<void>((resolve) => waiting.push(resolve));
      else busy++;
      try {
        if (signal.aborted) throw new NativeFailure('abort');
        return await work();
      } finally {
        // The place is handed on, or free.
        const next = waiting.shift();
        if (next) next();
        else busy--;
      }
    },
  };
}

/**
 * The relay's socket: text frames begin with a letter (`o` open, `m` message, `e` error, `c` close), binary frames are the
 * other side's. Resolves when the socket is over, since its events come as progress of this call.
 */
function connect(
  relay: RelayClient,
  sockets: Map<number, WebSocket>,
  params: { url: string; header: Record<string, string>; protocols: string[]; timeout: number; socketId: number },
  call: Call,
): Promise<{ header: Record<string, string> }> {
  const { socketId, ...wanted } = params;
  return new Promise((resolve) => {
    const socket = relay.openSocket();
    sockets.set(socketId, socket);
    let header: Record<string, string> = {};
    let over = false;
    const end = (code: number, reason: string): void => {
      if (over) return;
      over = true;
      sockets.delete(socketId);
      call.progress('close', { code, reason });
      resolve({ header });
      socket.close();
    };
    socket.onopen = () =>
      socket.send(JSON.stringify({ ...wanted, token: relay.options.token, user: relay.options.user }));
    socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
      if (typeof data !== 'string') return call.progress('message', data);
      const rest = data.slice(1);
      if (data[0] === 'm') call.progress('message', rest);
      else if (data[0] === 'o') {
        header = (JSON.parse(rest) as { header: Record<string, string> }).header;
        call.progress('open', { header });
      } else if (data[0] === 'e') call.progress('error', JSON.parse(rest));
      else if (data[0] === 'c') {
        const { code, reason } = JSON.parse(rest) as { code: number; reason: string };
        end(code, reason);
      }
    };
    socket.onclose = () => end(1006, 'abnormal closure');
  });
}
