import type { Readable } from 'node:stream';
import multipart from '@fastify/multipart';
import type {} from '@fastify/static';
import { PATHS, type StoredFile } from '@sparrow/protocol';
import type { FastifyInstance } from 'fastify';
import { CloudError } from '../errors.ts';
import { phrase } from '../phrase.ts';
import { FILE_KEY, type FileStore } from './file-store.ts';
import { kindOfExtension } from './sniff.ts';

export interface FileRouteOptions {
  store: FileStore;
  /** `<app>/<env>`, part of a file's address. */
  app: string;
  /** Address of this server as clients know it, without a slash at the end. */
  base: () => string;
  maxBytes: number;
}

const BACKEND = { config: { access: 'backend' } } as const;

interface UploadQuery {
  /** Name of the file, for PUT. */
  name?: string;
  /** MIME types that are accepted, with commas between; default any. */
  types?: string;
}

/**
 * `POST /files/v1/upload` takes multipart/form-data with one file (Wafer's upload), `PUT` the bytes alone; both answer a StoredFile.
 * `GET /files/<app>/<env>/<key>` gives it back. Needs `@fastify/static` to be registered.
 */
export function registerFileRoutes(app: FastifyInstance, options: FileRouteOptions): void {
  const { store } = options;

  async function keep(content: Readable, name: string, types: string | undefined): Promise<StoredFile> {
    const stored = await store.put(content, { name, ...(types ? { types: types.split(',') } : {}) });
    return { ...stored, url: `${options.base()}${PATHS.files}${options.app}/${stored.key}` };
  }

  app.register(async (scope) => {
    await scope.register(multipart, {
      // The store counts bytes itself and answers with its own error; the parser only must not cut silently before that.
      limits: { files: 1, fields: 32, fieldSize: 64 * 1024, fileSize: options.maxBytes + 1 },
      throwFileSizeLimit: false,
    });
    scope.post<{ Querystring: UploadQuery }>(PATHS.fileUpload, BACKEND, async (request) => {
      const part = await request.file();
      if (!part)
        throw new CloudError('BAD_REQUEST', phrase`the request holds no file`, {
          hint: phrase`send multipart/form-data with one file, as wx.uploadFile does`,
        });
      return await keep(part.file, part.filename, request.query.types);
    });
  });

  app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
    scope.put<{ Querystring: UploadQuery }>(PATHS.fileUpload, BACKEND, async (request) => {
      return await keep(
        (request.body as Readable | undefined) ?? request.raw,
        request.query.name ?? '',
        request.query.types,
      );
    });
  });

  app.get<{ Params: { key: string } }>(
    `${PATHS.files}${options.app}/:key`,
    { config: { access: 'public' } },
    async (request, reply) => {
      const { key } = request.params;
      if (!FILE_KEY.test(key))
        throw new CloudError('FILE_NOT_FOUND', phrase`there is no such file`, {
          hint: phrase`use the url that the upload answered`,
        });
      const kind = kindOfExtension(key.slice(key.lastIndexOf('.') + 1));
      reply.header('content-type', kind.mimeType);
      reply.header('x-content-type-options', 'nosniff');
      reply.header('content-security-policy', "sandbox; default-src 'none'");
      reply.header('cross-origin-resource-policy', 'cross-origin');
      reply.header('access-control-allow-origin', '*');
      if (!kind.inline) reply.header('content-disposition', 'attachment');
      return await reply.sendFile(key, store.dir, { immutable: true, maxAge: '365d', contentType: false });
    },
  );
}
