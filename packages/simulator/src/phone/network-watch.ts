import type { NetworkEntry } from '@sparrow/protocol';
import type { createNetworkHandlers } from '@sparrow/runtime/native';

/** Bodies are shown up to this many characters. */
const MAX_BODY = 4_000;

type Network = ReturnType<typeof createNetworkHandlers>;

/** The same handlers, with an entry for the network panel when a request begins and when it ends. */
export function watchedNetwork(network: Network, report: (entry: NetworkEntry) => void): Network {
  let lastId = 0;
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
    connectSocket: (params, call) =>
      watch(
        { kind: 'socket', method: 'WS', url: params.url, requestHeader: params.header, requestBody: '' },
        () => network.connectSocket(params, call),
        () => ({ status: 101 }),
      ),
  };
}

function text(data: string | ArrayBuffer | undefined): string {
  if (data === undefined) return '';
  return typeof data === 'string' ? data.slice(0, MAX_BODY) : `[${data.byteLength} bytes]`;
}
