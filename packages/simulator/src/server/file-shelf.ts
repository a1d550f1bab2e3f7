import { randomBytes } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { typeOf } from './content-type.ts';
import { receiveFile } from './receive-file.ts';

/** A temporary file may be this large, in bytes. Source: upload limits of the network chapter, with room. */
const FILE_LIMIT = 50 << 20;
/** All temporary files of a run, in bytes. */
const SHELF_LIMIT = 1 << 30;
const NAME = /^[A-Za-z0-9_-]{22}(\.[a-z0-9]{1,8})?$/;

/**
 * The temporary files of mini programs (`http://tmp/<name>`). They live until the server ends; a kill leaves the folder,
 * which the next start empties.
 */
export function createFileShelf({ dir }: { dir: string }) {
  let used = 0;
  const ready = rm(dir, { recursive: true, force: true }).then(() => mkdir(dir, { recursive: true }));
  return {
    registerUpload(app: FastifyInstance): void {
      app.post<{ Querystring: { name?: string }; Body: Readable }>('/simulator/relay/files', async (request, reply) => {
        await ready;
        const type = String(request.headers['x-sparrow-type'] ?? '');
        const suffix = extname(String(request.query.name ?? '').replace(/[?#].*$/, '')).toLowerCase() || suffixOf(type);
        const name = randomBytes(16).toString('base64url') + (/^\.[a-z0-9]{1,8}$/.test(suffix) ? suffix : '');
        const path = join(dir, name);
        const room = Math.min(FILE_LIMIT, SHELF_LIMIT - used);
        // The room is taken before the bytes come, so that uploads at the same time do not share it.
        used += room;
        let size: number | undefined;
        try {
          size = await receiveFile(request.body ?? request.raw, `${path}.part`, path, room);
        } finally {
          used -= room - (size ?? 0);
        }
        if (size === undefined)
          return reply.code(413).send({
            code: 'FILE_TOO_LARGE',
            message: `a temporary file may have ${FILE_LIMIT} bytes, and all together ${SHELF_LIMIT}`,
          });
        return { path: `http://tmp/${name}` };
      });
    },
    registerDownload(app: FastifyInstance): void {
      app.get<{ Params: { name: string } }>(
        '/simulator/files/tmp/:name',
        { config: { access: 'public' } },
        async (request, reply) => {
          const { name } = request.params;
          if (!NAME.test(name) || !existsSync(join(dir, name)))
            return reply.code(404).send({ code: 'NOT_FOUND', message: 'no such file' });
          reply.header('access-control-allow-origin', '*').header('cross-origin-resource-policy', 'cross-origin');
          reply.header('x-content-type-options', 'nosniff');
          reply.header(
            'content-security-policy',
            "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:",
          );
          return reply.type(typeOf(name)).send(createReadStream(join(dir, name)));
        },
      );
    },
    close: () => rm(dir, { recursive: true, force: true }),
  };
}

function suffixOf(type: string): string {
  const name = /^(?:image|audio|video)\/(\w+)/.exec(type)?.[1];
  return name ? `.${name === 'jpeg' ? 'jpg' : name}` : '';
}
