import { createHash, randomBytes } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import type { UserFileEntry, UserFileList } from '@sparrow/protocol';
import type { FastifyInstance } from 'fastify';
import { typeOf } from './content-type.ts';
import { receiveFile } from './receive-file.ts';

/** One file, in bytes: all of a user's together may have this much (the file system chapter of the guide). */
const FILE_LIMIT = 200 << 20;
/** A view may ask for a picture that is still on its way here; it is waited for this long, in milliseconds. */
const ARRIVAL_MS = 1_500;
const NAME_BYTES = 255;

/**
 * The user folders (`http://usr/…`) of the users of a mini program: they outlive phone and server. A write replaces the file
 * by a rename, so a kill leaves the file before or the file after.
 *
 * @param dir folder that holds one folder a user
 */
export function createUserFileStore({ dir }: { dir: string }) {
  /** What stands in addresses → user: views have no token, so they are told an address nobody can guess. */
  const scopes = new Map<string, string>();
  const arrivals = new EventEmitter().setMaxListeners(0);

  const folderOf = (user: string): string => join(dir, createHash('sha256').update(user).digest('hex').slice(0, 32));
  /** undefined for what is no path of a file inside. */
  function placeOf(user: string, path: string): string | undefined {
    const parts = path.split('/');
    const sound = parts.every(
      (part) =>
        part !== '' && part !== '.' && part !== '..' && !part.includes('\0') && Buffer.byteLength(part) <= NAME_BYTES,
    );
    return sound ? join(folderOf(user), ...parts) : undefined;
  }

  async function list(user: string): Promise<UserFileList> {
    let scope = [...scopes].find(([, name]) => name === user)?.[0];
    if (!scope) {
      scope = randomBytes(16).toString('base64url');
      scopes.set(scope, user);
    }
    const root = folderOf(user);
    await mkdir(root, { recursive: true });
    const entries: UserFileEntry[] = [];
    for (const found of await readdir(root, { recursive: true, withFileTypes: true })) {
      const place = join(found.parentPath, found.name);
      // What a kill left behind of a write.
      if (found.name.endsWith(PART)) {
        await rm(place, { force: true });
        continue;
      }
      const { size, mtimeMs } = await stat(place);
      const folder = found.isDirectory();
      entries.push({
        path: place.slice(root.length + 1),
        folder,
        size: folder ? 0 : size,
        modified: Math.floor(mtimeMs / 1000),
      });
    }
    // A folder stands before what is in it.
    return { scope, entries: entries.sort((a, b) => (a.path < b.path ? -1 : 1)) };
  }

  interface Target {
    Querystring: { user?: string; path?: string; folder?: string };
  }
  const badPath = { code: 'BAD_REQUEST', message: 'this is no path of a user file' };

  return {
    /** Behind the phone's token. */
    registerChanges(app: FastifyInstance): void {
      app.post<{ Body: { user: string } }>('/simulator/relay/user-files/list', ({ body }) => list(String(body.user)));
      app.put<Target & { Body: Readable }>('/simulator/relay/user-files', async (request, reply) => {
        const { user = '', path = '', folder } = request.query;
        const place = placeOf(user, path);
        if (!place) return reply.code(400).send(badPath);
        if (folder) {
          await mkdir(place, { recursive: true });
          return {};
        }
        await mkdir(dirname(place), { recursive: true });
        const part = join(dirname(place), `${randomBytes(9).toString('hex')}${PART}`);
        if (!(await receiveFile(request.body, part, place, FILE_LIMIT)))
          return reply.code(413).send({ code: 'FILE_TOO_LARGE', message: `a user file may have ${FILE_LIMIT} bytes` });
        arrivals.emit(place);
        return {};
      });
      app.delete<Target>('/simulator/relay/user-files', async (request, reply) => {
        const { user = '', path = '' } = request.query;
        const place = placeOf(user, path);
        if (!place) return reply.code(400).send(badPath);
        await rm(place, { recursive: true, force: true });
        return {};
      });
    },
    /** For views, by an address that only the phone knows. */
    registerDownload(app: FastifyInstance): void {
      app.get<{ Params: { scope: string; '*': string } }>('/simulator/files/usr/:scope/*', async (request, reply) => {
        const user = scopes.get(request.params.scope);
        const place = user === undefined ? undefined : placeOf(user, request.params['*']);
        const isFile = async (): Promise<boolean> =>
          !!place && (await stat(place).catch(() => undefined))?.isFile() === true;
        if (!place || !((await isFile()) || (await arrived(place).then(isFile))))
          return reply.code(404).send({ code: 'NOT_FOUND', message: 'no such file' });
        reply.header('access-control-allow-origin', '*').header('cross-origin-resource-policy', 'cross-origin');
        reply.header('x-content-type-options', 'nosniff').header('cache-control', 'no-store');
        reply.header(
          'content-security-policy',
          "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:",
        );
        return reply.type(typeOf(place)).send(createReadStream(place));
      });
    },
  };

  async function arrived(place: string): Promise<void> {
    await once(arrivals, place, { signal: AbortSignal.timeout(ARRIVAL_MS) }).catch(() => {});
  }
}

const PART = '.sparrow-part';
