import type { NetworkEntry, SocketFrame } from '@sparrow/protocol';
import type { createNetworkHandlers } from '@sparrow/runtime/native';

/** Bodies are shown up to this many characters. */
const MAX_BODY = 4_000;

type Network = ReturnType<typeof createNetworkHandlers>;

/** The same handlers, with an entry for the network panel when a request begins and when it ends. */
export function watchedNetwork(network: Network, report: (entry: NetworkEntry) => void): Network {
  let lastId = 0;
  const sockets = new Map<number, ReturnType<typeof watchedSocket>>();
  async function watch<R>(
    start: Pick<NetworkEntry, 'kind' | 'method' | 'url' | 'requestHeader' | 'requestBody'>,
    run: () => Promise<R> | R,
    describe: (result: R) => Partial<NetworkEntry>,
  ): Promise<R> {
    const entry: NetworkEntry = { id: ++lastId, time: Date.now(), ...start };
    report(entry);
    const begin = performance.now();
    try {
      const result = await run();
      report({ ...entry, ...describe(result), ms: Math.round(performance.now() - begin) });
      return result;
    } catch (error) {
      report({ ...entry, error: (error as Error).message, ms: Math.round(performance.now() - begin) });
      throw error;
    }
  }
  return {
    ...network,
    request: (params, call) =>
      watch(
        {
          kind: 'request',
          method: params.method,
          url: params.url,
          requestHeader: params.header,
          requestBody: text(params.data),
        },
        () => network.request(params, call),
        (result) => ({
          status: result.statusCode,
          responseHeader: result.header,
          responseBody: text(result.data),
          size: typeof result.data === 'string' ? result.data.length : result.data.byteLength,
        }),
      ),
    uploadFile: (params, call) =>
      watch(
        { kind: 'upload', method: 'POST', url: params.url, requestHeader: params.header, requestBody: params.filePath },
        () => network.uploadFile(params, call),
        (result) => ({ status: result.statusCode, responseHeader: result.header, responseBody: text(result.data) }),
      ),
    downloadFile: (params, call) =>
      watch(
        { kind: 'download', method: 'GET', url: params.url, requestHeader: params.header, requestBody: '' },
        () => network.downloadFile(params, call),
        (result) => ({ status: result.statusCode, responseHeader: result.header, responseBody: result.tempFilePath }),
      ),
    connectSocket(params, call) {
      const entry: NetworkEntry = {
        id: ++lastId,
        time: Date.now(),
        kind: 'socket',
        method: 'WS',
        url: params.url,
        requestHeader: params.header,
        requestBody: '',
        frames: [],
      };
      const socket = watchedSocket(entry, report);
      sockets.set(params.socketId, socket);
      const begin = performance.now();
      const end = (last: Partial<NetworkEntry>): void => {
        sockets.delete(params.socketId);
        socket.change({ ...last, ms: Math.round(performance.now() - begin) }, true);
      };
      const progress = (event: string, data: unknown): void => {
        if (event === 'open') socket.change({ status: 101, responseHeader: (data as { header: never }).header }, true);
        else if (event === 'message') socket.frame('server', data as string | ArrayBuffer);
        call.progress(event, data);
      };
      return Promise.resolve(network.connectSocket(params, { ...call, signal: call.signal, progress })).then(
        (result) => (end({}), result),
        (error: Error) => {
          end({ error: error.message });
          throw error;
        },
      );
    },
    sendSocketMessage(params, call) {
      sockets.get(params.socketId)?.frame('phone', params.data);
      return network.sendSocketMessage(params, call);
    },
  };
}

/** Frames that are kept of one socket, and how often the panel hears of new ones, in milliseconds. */
const KEPT_FRAMES = 100;
const FRAMES_MS = 200;

/** An entry that grows: many frames of one moment are told at once. */
function watchedSocket(first: NetworkEntry, report: (entry: NetworkEntry) => void) {
  let entry = first;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tellNow = (): void => {
    clearTimeout(timer);
    timer = undefined;
    report(entry);
  };
  tellNow();
  return {
    change(next: Partial<NetworkEntry>, now: boolean): void {
      entry = { ...entry, ...next };
      if (now) tellNow();
      else timer ??= setTimeout(tellNow, FRAMES_MS);
    },
    frame(from: SocketFrame['from'], data: string | ArrayBuffer): void {
      const frame = { time: Date.now(), from, text: text(data) };
      this.change({ frames: [...(entry.frames ?? []), frame].slice(-KEPT_FRAMES) }, false);
    },
  };
}

function text(data: string | ArrayBuffer | undefined): string {
  if (data === undefined) return '';
  return typeof data === 'string' ? data.slice(0, MAX_BODY) : `[${data.byteLength} bytes]`;
}
