import { createHash, randomBytes } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { createReadStream } from 'node:fs';
import { mkdir, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { filesBelow, joinInside, leadsInside } from '@sparrow/core/files';
import type { UserFileEntry, UserFileList } from '@sparrow/protocol';
import type { FastifyInstance } from 'fastify';
import { userName, userOf } from './bodies.ts';
import { typeOf } from './content-type.ts';
import { receiveFile } from './receive-file.ts';

/** All files of a user together, in bytes (the file system chapter of the guide). */
const TOTAL_LIMIT = 200 << 20;
/** Files and folders of a user: a disk runs out of names as well as of bytes. */
const ENTRY_LIMIT = 20_000;
const PATH_BYTES = 1024;
const PATH_DEPTH = 32;
/** A view may ask for a picture that is still on its way here; it is waited for this long, in milliseconds. */
const ARRIVAL_MS = 1_500;
const NAME_BYTES = 255;

interface Usage {
  bytes: number;
  entries: number;
}

/**
 * The user folders (`http://usr/…`) of the users of a mini program: they outlive phone and server. A write replaces the file
 * by a rename, so a kill leaves the file before or the file after.
 *
 * @param dir folder that holds one folder a user
 */
export function createUserFileStore({ dir }: { dir: string }) {
  const home = dirname(dir);
  /** What stands in addresses → user: views have no token, so they are told an address nobody can guess. */
  const scopes = new Map<string, string>();
  const usages = new Map<string, Promise<Usage>>();
  const arrivals = new EventEmitter().setMaxListeners(0);

  const folderOf = (user: string): string => join(dir, createHash('sha256').update(user).digest('hex').slice(0, 32));
  /** undefined for what is no path of a file inside. */
  /** undefined for what is no path of a file inside. */
  function placeOf(user: string, path: string): string | undefined {
    const parts = path.split('/');
    const sound =
      parts.length <= PATH_DEPTH &&
      Buffer.byteLength(path) <= PATH_BYTES &&
      parts.every(
        (part) => !['', '.', '..'].includes(part) && Buffer.byteLength(part) <= NAME_BYTES && !part.endsWith(PART),
      );
    const place = sound ? joinInside(folderOf(user), path) : undefined;
    // A project from elsewhere may bring the folder along, with links in it.
    return place !== undefined && leadsInside(home, dir) && leadsInside(dir, place) ? place : undefined;
  }

  /** What a user's folder holds, counted once and then kept up to date. */
  async function usageOf(user: string): Promise<Usage> {
    const known = usages.get(user);
    if (known) return known;
    const counting = measure(folderOf(user));
    usages.set(user, counting);
    return counting;
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
    for (const { path, absolute, isFolder: folder } of filesBelow(root)) {
      // What a kill left behind of a write.
      if (path.endsWith(PART)) {
        await rm(absolute, { force: true });
        continue;
      }
      const { size, mtimeMs } = await stat(absolute);
      entries.push({ path, folder, size: folder ? 0 : size, modified: Math.floor(mtimeMs / 1000) });
    }
    // A folder stands before what is in it.
    return { scope, entries: entries.sort((a, b) => (a.path < b.path ? -1 : 1)) };
  }

  interface Target {
    Querystring: { user?: string; path?: string; folder?: string };
  }
  const full = {
    code: 'FILE_TOO_LARGE',
    message: `the user folder may have ${TOTAL_LIMIT} bytes and ${ENTRY_LIMIT} files`,
  };
  const badPath = { code: 'BAD_REQUEST', message: 'this is no path of a user file' };

  return {
    /** Behind the phone's token. */
    registerChanges(app: FastifyInstance): void {
      app.post('/simulator/relay/user-files/list', ({ body }) => list(userOf(body)));
      app.put<Target & { Body: Readable }>('/simulator/relay/user-files', async (request, reply) => {
        const { user = '', path = '', folder } = request.query;
        const place = placeOf(userName(user), path);
        if (!place) return reply.code(400).send(badPath);
        const usage = await usageOf(user);
        const before = (await stat(place).catch(() => undefined)) ?? { size: 0, isNew: true };
        if ('isNew' in before && usage.entries + path.split('/').length > ENTRY_LIMIT)
          return reply.code(413).send(full);
        if (folder) {
          await mkdir(place, { recursive: true });
          usages.delete(user);
          return {};
        }
        await mkdir(dirname(place), { recursive: true });
        const part = join(dirname(place), `${randomBytes(9).toString('hex')}${PART}`);
        const room = Math.max(0, TOTAL_LIMIT - usage.bytes + before.size);
        const size = await receiveFile(request.body ?? request.raw, part, place, room);
        if (size === undefined) return reply.code(413).send(full);
        usage.bytes += size - before.size;
        if ('isNew' in before) usage.entries += path.split('/').length;
        arrivals.emit(place);
        return {};
      });
      app.delete<Target>('/simulator/relay/user-files', async (request, reply) => {
        const { user = '', path = '' } = request.query;
        const place = placeOf(userName(user), path);
        if (!place) return reply.code(400).send(badPath);
        await rm(place, { recursive: true, force: true });
        usages.delete(user);
        return {};
      });
    },
    /** For views, by an address that only the phone knows. */
    registerDownload(app: FastifyInstance): void {
      app.get<{ Params: { scope: string; '*': string } }>(
        '/simulator/files/usr/:scope/*',
        { config: { access: 'public' } },
        async (request, reply) => {
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
        },
      );
    },
  };

  async function arrived(place: string): Promise<void> {
    await once(arrivals, place, { signal: AbortSignal.timeout(ARRIVAL_MS) }).catch(() => {});
  }
}

const PART = '.sparrow-part';

async function measure(folder: string): Promise<Usage> {
  const usage = { bytes: 0, entries: 0 };
  for (const { absolute, isFolder } of filesBelow(folder)) {
    usage.entries++;
    if (!isFolder) usage.bytes += (await stat(absolute).catch(() => ({ size: 0 }))).size;
  }
  return usage;
}
