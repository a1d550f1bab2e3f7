import { Readable } from 'node:stream';
import { ReadableStream } from 'node:stream/web';
import { SparrowSdkError } from './errors.ts';
import { type AnyRequest, header, nodeRequest } from './http-shapes.ts';
import type { ServiceClient } from './service-client.ts';

/** A file in the store. */
export interface SparrowFile {
  /** Address a client can load it from. */
  url: string;
  /** Its name in the store. */
  key: string;
  /** The name it was given. */
  name: string;
  /** Found by looking at its first bytes. */
  mimeType: string;
  /** Bytes. */
  size: number;
}

export interface SparrowFiles {
  /**
   * Keeps a file.
   *
   * @example const { url } = await sparrow.files.put(buffer, { name: 'poster.png' });
   * @throws SparrowSdkError ERR_FILE_EXCEEDS_MAX_SIZE (default limit 10 MiB), ERR_UNSUPPORT_FILE_TYPE, ERR_REQUEST_PARAM (empty).
   */
  put(content: Uint8Array | Readable, options: { name: string; types?: readonly string[] }): Promise<SparrowFile>;
  /**
   * Keeps the file that `wx.uploadFile` sent in this request (multipart/form-data). The request must not have been read yet.
   *
   * @throws SparrowSdkError as put.
   */
  receive(request: AnyRequest, options?: { types?: readonly string[] }): Promise<SparrowFile>;
}

export function createFiles(client: ServiceClient): SparrowFiles {
  return {
    put(content, { name, types }) {
      const query = new URLSearchParams({ name, ...(types ? { types: types.join(',') } : {}) });
      const body = content instanceof Readable ? stream(content) : new Uint8Array(content);
      return client.send('PUT', `/files/v1/upload?${query}`, body, { 'content-type': 'application/octet-stream' });
    },
    async receive(request, { types } = {}) {
      const type = header(request, 'content-type') ?? '';
      if (!type.startsWith('multipart/form-data'))
        throw new SparrowSdkError('ERR_REQUEST_PARAM', `the request is ${type || 'without a content type'}`, {
          hint: 'send multipart/form-data, as wx.uploadFile does',
        });
      const query = types ? `?${new URLSearchParams({ types: types.join(',') })}` : '';
      const body = nodeRequest(request);
      try {
        return await client.send('POST', `/files/v1/upload${query}`, lent(body), { 'content-type': type });
      } catch (error) {
        await drain(body);
        throw error;
      }
    },
  };
}

/**
 * A request's body to be read by fetch. When fetch gives it up, since the store has answered already, the request is not
 * destroyed: its sender is to read the answer.
 */
function lent(body: Readable): ReadableStream {
  return ReadableStream.from(body.iterator({ destroyOnReturn: false }));
}

/** A body of more bytes than this is cut off all the same. */
const DRAIN_LIMIT = 256 << 20;
const DRAIN_MS = 60_000;

/** Reads the rest of a refused body and drops it, as `drain` of core does: the SDK is published without core. */
async function drain(body: Readable): Promise<void> {
  if (body.readableEnded || body.destroyed) return;
  let size = 0;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => body.destroy(), DRAIN_MS);
    const done = (): void => {
      clearTimeout(timer);
      resolve();
    };
    body.once('end', done).once('close', done).once('error', done);
    body.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > DRAIN_LIMIT) body.destroy();
    });
  });
}

function stream(readable: Readable): ReadableStream {
  return Readable.toWeb(readable) as ReadableStream;
}
