import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import type { CompiledPackage, Compiler } from '@sparrow/compiler';
import { BoundedQueue } from '@sparrow/core';
import type { DevEvent, PackageChange, WeChatUsers } from '@sparrow/protocol';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type WebSocket, WebSocketServer } from 'ws';
import type { SimulatorDeps } from './deps.ts';
import { SimulatorError } from './errors.ts';
import { createFileShelf } from './file-shelf.ts';
import { createRelay } from './relay.ts';
import { createSocketRelay } from './socket-relay.ts';
import { mapStack } from './stack-map.ts';
import { sameToken } from './token.ts';
import { createUserFileStore } from './user-files.ts';

export interface SimulatorOptions {
  compiler: Compiler;
  /** The first package, when it is built already. */
  first?: CompiledPackage;
  /** Watch the project and reload phones; default true. */
  watch?: boolean;
  onPackage?(pkg: CompiledPackage, change: PackageChange): void;
}

const DIST = join(fileURLToPath(import.meta.url), '../../../dist');
/** Packages that phones may still be loading from. */
const KEPT_PACKAGES = 8;
/** Events that wait for a slow phone; then it is cut off and comes back. */
const EVENT_QUEUE = 1_000;
/** Longer stacks are cut, in characters. */
const MAX_STACK = 20_000;

/**
 * Content security policies of the frames. The logic layer reaches nothing; a view loads pictures, fonts and media, runs no
 * code but ours, and opens no connection.
 */
const FRAME_POLICIES: Record<string, (origin: string) => string> = {
  'boot.html': () =>
    "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval' blob:; worker-src blob:; connect-src 'none'",
  'view.html': (origin) =>
    `sandbox allow-scripts; default-src 'none'; script-src ${origin}/simulator/assets/view.js; style-src 'unsafe-inline'; img-src * data: blob:; font-src * data:; media-src * data: blob:; connect-src 'none'; form-action 'none'; base-uri 'none'`,
  'single.html': (origin) =>
    `sandbox allow-scripts; default-src 'none'; script-src 'unsafe-eval' ${origin}/simulator/assets/single.js; style-src 'unsafe-inline'; img-src * data: blob:; font-src * data:; media-src * data: blob:; connect-src 'none'; form-action 'none'; base-uri 'none'`,
};

/**
 * Makes the function that adds the simulator to a server.
 *
 * Routes, all under `/simulator`: `phone.html` (the phone; its token stands in the fragment), the frames, `package/<id>/…`
 * (the id is the key), `relay/…` and `events` (with the phone token), `files/…` (temporary files by unguessable name).
 *
 * @throws SimulatorError BROWSER_PARTS_MISSING when `npm run build` has not been run
 */
export function createSimulator(options: SimulatorOptions) {
  return async (
    app: FastifyInstance,
    deps: SimulatorDeps,
  ): Promise<{ phonePath: string; phoneFragment: string; token: string; close(): Promise<void> }> => {
    if (!existsSync(join(DIST, 'assets/service.js')))
      throw new SimulatorError('BROWSER_PARTS_MISSING', 'the browser parts have not been built', {
        hint: 'run: npm run build',
      });
    const token = randomBytes(24).toString('base64url');
    const packages = new Map<string, CompiledPackage>();
    let current: CompiledPackage;
    const keep = (pkg: CompiledPackage): void => {
      current = pkg;
      packages.delete(pkg.manifest.id);
      packages.set(pkg.manifest.id, pkg);
      for (const id of packages.keys()) {
        if (packages.size <= KEPT_PACKAGES) break;
        packages.delete(id);
      }
    };
    keep(options.first ?? (await options.compiler.build()));

    const authorized = (request: FastifyRequest): boolean => sameToken(bearer(request), token);
    const guard = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
      if (!authorized(request))
        await reply
          .code(401)
          .send({ code: 'TOKEN_WRONG', message: 'open the phone from the console or by its QR code' });
    };

    await app.register(fastifyStatic, {
      root: DIST,
      prefix: '/simulator/',
      decorateReply: false,
      cacheControl: false,
      setHeaders(reply, path) {
        const policy = FRAME_POLICIES[path.slice(path.lastIndexOf('/') + 1)];
        // A view's scripts come from the host the phone was opened at: 127.0.0.1, localhost or a LAN address.
        if (policy)
          reply.header('content-security-policy', policy(`http://${reply.request.headers.host ?? '127.0.0.1'}`));
        reply.header('cache-control', 'no-cache');
        // The frames have an opaque origin: to them every file is of another site.
        reply.header('access-control-allow-origin', '*').header('cross-origin-resource-policy', 'cross-origin');
      },
    });

    app.get('/simulator/package', { preHandler: guard }, async (_request, reply) =>
      reply.header('cache-control', 'no-store').send(current.manifest),
    );
    app.get<{ Params: { id: string; '*': string } }>('/simulator/package/:id/*', async (request, reply) => {
      const pkg = packages.get(request.params.id);
      const answer = pkg && packageFile(pkg, request.params['*']);
      if (!answer) return reply.code(404).send({ code: 'NOT_FOUND', message: 'no such package or file' });
      reply.header('access-control-allow-origin', '*').header('cross-origin-resource-policy', 'cross-origin');
      reply.header('cache-control', 'private, max-age=3600, immutable');
      if ('json' in answer) return reply.type('application/json').send(answer.json);
      reply.header('x-content-type-options', 'nosniff');
      // A page of the mini program opened as a document must not become one of ours.
      reply.header('content-security-policy', "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:");
      return sendFile(reply, answer.path);
    });

    // What the console needs to show phones; behind the control token, as everything under /api/v1.
    app.get('/api/v1/simulator', async () => ({
      token,
      phone: '/simulator/phone.html',
      packageId: current.manifest.id,
    }));

    const shelf = createFileShelf({ dir: join(deps.stateDir, 'tmp') });
    const userFiles = createUserFileStore({ dir: join(deps.stateDir, 'user-files') });
    await app.register(async (scope) => {
      scope.removeAllContentTypeParsers();
      scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
      scope.addContentTypeParser(
        'application/json',
        { parseAs: 'string', bodyLimit: 1 << 20 },
        (_request, body, done) => {
          try {
            done(null, JSON.parse(body as string));
          } catch (error) {
            done(error as Error);
          }
        },
      );
      scope.addHook('preHandler', guard);
      createRelay(deps).register(scope);
      shelf.registerUpload(scope);
      userFiles.registerChanges(scope);
      registerUsers(scope, deps.users);
      scope.post<{ Body: { stack: string; packageId: string } }>('/simulator/relay/map-stack', async ({ body }) => {
        const pkg = packages.get(String(body.packageId)) ?? current;
        return { stack: mapStack(pkg, String(body.stack).slice(0, MAX_STACK)) };
      });
    });
    shelf.registerDownload(app);
    userFiles.registerDownload(app);

    const sockets = new WebSocketServer({ noServer: true, maxPayload: 1 << 20 });
    const socketRelay = createSocketRelay({ deps, token });
    deps.onUpgrade('/simulator/events', (request, socket, head) =>
      sockets.handleUpgrade(request, socket, head, (client) => void serveEvents(client)),
    );
    deps.onUpgrade('/simulator/relay/socket', socketRelay.handleUpgrade);
    deps.allowOnLan('/simulator/');
    for (const prefix of ['assets/', 'package/', 'files/']) deps.allowFrames(`/simulator/${prefix}`);

    function serveEvents(client: WebSocket): void {
      let stop: (() => void) | undefined;
      const late = setTimeout(() => client.terminate(), 10_000);
      client.on('error', () => client.terminate());
      client.once('message', (data) => {
        clearTimeout(late);
        if (!sameToken(tokenOf(data.toString()), token)) return client.close(4401, 'token');
        const queue = new BoundedQueue<DevEvent>(EVENT_QUEUE);
        const send = (event: DevEvent): void => {
          if (client.bufferedAmount < 1 << 20) client.send(JSON.stringify(event));
          else if (!queue.push(event)) client.terminate();
        };
        const { id, diagnostics } = current.manifest;
        send({ type: 'hello', packageId: id, diagnostics, backend: deps.events.backend() });
        stop = deps.events.subscribe(send);
      });
      client.on('close', () => {
        clearTimeout(late);
        stop?.();
      });
    }

    if (options.watch !== false) {
      await options.compiler.watch(({ pkg, change }) => {
        keep(pkg);
        options.onPackage?.(pkg, change);
        deps.events.emit({
          type: 'package',
          packageId: pkg.manifest.id,
          change,
          diagnostics: pkg.manifest.diagnostics,
        });
      });
    }

    return {
      phonePath: '/simulator/phone.html',
      phoneFragment: `token=${token}&full`,
      token,
      async close() {
        for (const client of sockets.clients) client.terminate();
        socketRelay.close();
        await options.compiler.close();
        await shelf.close();
      },
    };
  };
}

/** A file of a package by its path in the format of `package-format.ts`. */
function packageFile(pkg: CompiledPackage, path: string): { json: string } | { path: string } | undefined {
  if (path === 'manifest.json') return { json: JSON.stringify(pkg.manifest) };
  const bundle = /^(?:(.*)\/)?(service|styles)\.json$/.exec(path);
  if (bundle) {
    const root = bundle[1] ?? '';
    const value = bundle[2] === 'service' ? pkg.services.get(root) : pkg.styles.get(root);
    return value && { json: JSON.stringify(value) };
  }
  if (path.startsWith('maps/')) {
    const map = pkg.maps.get(path.slice('maps/'.length).replace(/\.map$/, ''));
    return map === undefined ? undefined : { json: map };
  }
  if (!path.startsWith('files/')) return undefined;
  const file = pkg.assetPath(path.slice('files/'.length));
  return file === undefined ? undefined : { path: file };
}

async function sendFile(reply: FastifyReply, path: string): Promise<FastifyReply> {
  const { createReadStream } = await import('node:fs');
  const { typeOf } = await import('./content-type.ts');
  return reply.type(typeOf(path)).send(createReadStream(path));
}

function registerUsers(scope: FastifyInstance, users: WeChatUsers): void {
  interface UserBody {
    user: string;
    withCredentials?: boolean;
    lang?: string;
  }
  scope.post<{ Body: UserBody }>('/simulator/relay/login', async ({ body }) => ({
    code: await users.issueCode(String(body.user)),
  }));
  scope.post<{ Body: UserBody }>('/simulator/relay/check-session', async ({ body }) => ({
    valid: await users.checkSession(String(body.user)),
  }));
  scope.post<{ Body: UserBody }>('/simulator/relay/user-info', ({ body }) =>
    users.userInfo(String(body.user), {
      withCredentials: body.withCredentials !== false,
      lang: String(body.lang ?? 'en'),
    }),
  );
}

function bearer(request: FastifyRequest): string {
  return /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
}
function tokenOf(message: string): string {
  try {
    return String((JSON.parse(message) as { token?: unknown }).token ?? '');
  } catch {
    return '';
  }
}
