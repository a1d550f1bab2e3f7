import { NativeFailure } from '../../native/failure.ts';
import type { HostHalf } from '../../native/host-half.ts';
import { shown } from '../../native/network-log.ts';
import type { Phone } from '../../native/phone.ts';
import { type ChunkTaker, headerValue, type RelayClient, type RelayMeta } from '../../native/relay-client.ts';
import type { networkContract } from './contract.ts';
import { createLanes } from './host-lanes.ts';

/** Requests, uploads and downloads that run at the same time (the network chapter of the guide); the others wait. */
const PARALLEL = 10;

type Wanted = Parameters<RelayClient['request']>[0];

export function createNetworkHost(phone: Phone): HostHalf<typeof networkContract> {
  const { relay, files } = phone;
  const log = phone.developer.network;
  const lanes = createLanes(PARALLEL, () => new NativeFailure('abort'));
  /** @param taker gets head and body as they come; the answer has no body then */
  const ask = (wanted: Wanted, body: string | ArrayBuffer | undefined, signal: AbortSignal, taker?: ChunkTaker) =>
    lanes.run(signal, () => relay.request(wanted, body, signal, taker));

  return {
    request(params, call) {
      const { url, method, header, timeout, data } = params;
      const head = ({ statusCode, header, cookies }: RelayMeta): void =>
        call.progress('headers', { statusCode, header, cookies });
      const taker = { head, chunk: (piece: ArrayBuffer): void => call.progress('chunk', { data: piece }) };
      return log.watch(
        { kind: 'request', method, url, requestHeader: header, requestBody: shown(data) },
        async () => {
          const wanted = { url, method, header, timeout };
          const { meta, body } = await ask(wanted, data, call.signal, params.chunked ? taker : undefined);
          if (!params.chunked) head(meta);
          const text = params.responseType !== 'arraybuffer';
          return { ...meta, data: text ? new TextDecoder().decode(body) : body };
        },
        ({ statusCode, header: responseHeader, data: answer }) => ({
          status: statusCode,
          responseHeader,
          responseBody: shown(answer),
          size: typeof answer === 'string' ? answer.length : answer.byteLength,
        }),
      );
    },

    uploadFile(params, call) {
      const { url, filePath, timeout } = params;
      return log.watch(
        { kind: 'upload', method: 'POST', url, requestHeader: params.header, requestBody: filePath },
        async () => {
          const { body, type } = await formOf(await files.open(filePath), params);
          const all = { totalBytesSent: body.byteLength, totalBytesExpectedToSend: body.byteLength };
          call.progress('progress', { ...all, progress: 0, totalBytesSent: 0 });
          const header = { ...params.header, 'content-type': type };
          const { meta, body: answer } = await ask({ url, method: 'POST', header, timeout }, body, call.signal);
          call.progress('headers', { statusCode: meta.statusCode, header: meta.header });
          call.progress('progress', { ...all, progress: 100 });
          return { statusCode: meta.statusCode, header: meta.header, data: new TextDecoder().decode(answer) };
        },
        ({ statusCode, header, data }) => ({ status: statusCode, responseHeader: header, responseBody: shown(data) }),
      );
    },

    downloadFile({ url, header, timeout }, call) {
      return log.watch(
        { kind: 'download', method: 'GET', url, requestHeader: header, requestBody: '' },
        async () => {
          const { meta, body } = await ask({ url, method: 'GET', header, timeout }, undefined, call.signal);
          call.progress('headers', { statusCode: meta.statusCode, header: meta.header });
          const type = headerValue(meta.header, 'content-type') ?? 'application/octet-stream';
          const tempFilePath = await relay.keepFile(new Blob([body], { type }), url);
          const all = { totalBytesWritten: body.byteLength, totalBytesExpectedToWrite: body.byteLength };
          call.progress('progress', { ...all, progress: 100 });
          return { statusCode: meta.statusCode, header: meta.header, tempFilePath };
        },
        (result) => ({
          status: result.statusCode,
          responseHeader: result.header,
          responseBody: result.tempFilePath,
        }),
      );
    },

    abort: ({ id }) => phone.abort(id),
  };
}

/** The body of an upload, as a form of the browser writes it. */
async function formOf(
  file: Blob,
  { filePath, name, formData }: { filePath: string; name: string; formData: Record<string, string> },
): Promise<{ body: ArrayBuffer; type: string }> {
  const form = new FormData();
  for (const [field, value] of Object.entries(formData)) form.append(field, value);
  form.append(name, file, filePath.slice(filePath.lastIndexOf('/') + 1));
  const encoded = new Response(form);
  const body = await encoded.arrayBuffer();
  return { body, type: encoded.headers.get('content-type') ?? 'multipart/form-data' };
}
