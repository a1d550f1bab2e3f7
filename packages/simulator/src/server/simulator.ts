import { randomBytes } from 'node:crypto';
import { createReadStream, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CompiledPackage, Compiler } from '@sparrow/compiler';
import type { Diagnostic, PackageChange, ProgramProblem, WeChatUsers } from '@sparrow/protocol';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type WebSocket, WebSocketServer } from 'ws';
import { answerErrors, objectOf, userOf } from './bodies.ts';
import { typeOf } from './content-type.ts';
import type { SimulatorDeps } from './deps.ts';
import { createDiagnosticLog } from './diagnostic-log.ts';
import { SimulatorError } from './errors.ts';
import { createEventFeed } from './event-feed.ts';
import { createFileShelf } from './file-shelf.ts';
import { phrase } from './phrase.ts';
import { createProblemTeller } from './problems.ts';
import { createRelay } from './relay.ts';
import { createSocketRelay } from './socket-relay.ts';
import { locateStack } from './stack-map.ts';
import { sameToken } from './token.ts';
import { createUserFileStore } from './user-files.ts';

export interface SimulatorOptions {
  compiler: Compiler;
  /** The first package, when it is built already. */
  first?: CompiledPackage;
  /** Watch the project and reload phones; default true. */
  watch?: boolean;
  /** @param news findings that the package before did not have */
  onPackage?(pkg: CompiledPackage, change: PackageChange, news: readonly Diagnostic[]): void;
  /** Something broke in a running program: called once for each problem of a package. */
  onProblem?(problem: ProgramProblem): void;
}

const DIST = join(fileURLToPath(import.meta.url), '../../../dist');
/** What stands beside the scripts: the phone and the frames that it opens. */
const PHONE_PAGES = ['phone.html', 'phone.css', 'boot.html', 'view.html', 'single.html'];
/** Packages that phones may still be loading from. */
const KEPT_PACKAGES = 8;
/** Longer stacks are cut, in characters. */
const MAX_STACK = 20_000;

/**
 * Content security policies of the frames. The logic layer reaches nothing; a view loads pictures, fonts and media,
 * runs no code but ours and WXS, and opens no connection.
 */
const FRAME_POLICIES: Record<string, (origin: string) => string> = {
  // Only the console may hold a phone in a frame; a page of the app must not. Its own frames stay what they are: one
  // that code of a mini program navigates elsewhere would carry data out in the address.
  'phone.html': (origin) =>
    `frame-ancestors 'self'; frame-src ${['boot', 'view', 'single'].map((name) => `${origin}/simulator/${name}.html`).join(' ')}`,
  'boot.html': () =>
    "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval' blob:; worker-src blob:; connect-src 'none'",
  'view.html': (origin) =>
    `sandbox allow-scripts; default-src 'none'; script-src 'unsafe-eval' ${origin}/simulator/assets/view.js; style-src 'unsafe-inline'; img-src * data: blob:; font-src * data:; media-src * data: blob:; connect-src 'none'; form-action 'none'; base-uri 'none'`,
  'single.html': (origin) =>
    `sandbox allow-scripts; default-src 'none'; script-src 'unsafe-eval' ${origin}/simulator/assets/single.js; worker-src blob:; style-src 'unsafe-inline'; img-src * data: blob:; font-src * data:; media-src * data: blob:; connect-src 'none'; form-action 'none'; base-uri 'none'`,
};

/** Of files of the mini program: opened as a document they are nobody's page and run nothing. */
export const FILE_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:";

/**
 * Makes the function that adds the simulator to a server.
 *
 * Routes, all under `/simulator`: `phone.html` (the phone; its token stands in the fragment), the frames,
 * `package/<id>/…` (the id is the key), `relay/…` and `events` (with the phone token), `files/…` (temporary files by
 * unguessable name).
 *
 * @throws SimulatorError BROWSER_PARTS_MISSING when `npm run build` has not been run
 */
export function createSimulator(options: SimulatorOptions) {
  return async (
    app: FastifyInstance,
    deps: SimulatorDeps,
  ): Promise<{ phonePath: string; phoneFragment: string; token: string; close(): Promise<void> }> => {
    if (!existsSync(join(DIST, 'assets/service.js')))
      throw new SimulatorError('BROWSER_PARTS_MISSING', phrase`the browser parts have not been built`, {
        hint: phrase`run: npm run build`,
      });
    const scripts = readdirSync(join(DIST, 'assets'));
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
    const first = options.first ?? (await options.compiler.build());
    keep(first);
    const problems = createProblemTeller((problem) => options.onProblem?.(problem));

    // The simulator checks its own token wherever it is mounted; the doors are its server's.
    app.addHook('onRequest', async (request, reply) => {
      if (request.routeOptions.config.access !== 'app' || sameToken(bearer(request), token)) return;
      await reply.code(401).send({ code: 'TOKEN_WRONG', message: 'open the phone from the console or by its QR code' });
    });

    const sendPart = (reply: FastifyReply, path: string): FastifyReply => {
      reply.header('cache-control', 'no-cache');
      // The frames have an opaque origin: to them every file is of another site.
      reply.header('access-control-allow-origin', '*').header('cross-origin-resource-policy', 'cross-origin');
      return reply.type(partType(path)).send(createReadStream(join(DIST, path)));
    };
    for (const name of PHONE_PAGES)
      app.get(`/simulator/${name}`, { config: { access: 'lan' } }, async (request, reply) => {
        const policy = FRAME_POLICIES[name];
        // A view's scripts come from the host the phone was opened at: 127.0.0.1, localhost or a LAN address.
        if (policy) reply.header('content-security-policy', policy(`http://${request.headers.host ?? '127.0.0.1'}`));
        return sendPart(reply, name);
      });
    app.get<{ Params: { name: string } }>(
      '/simulator/assets/:name',
      { config: { access: 'public' } },
      async (request, reply) => {
        const name = scripts.find((script) => script === request.params.name);
        if (name === undefined) return reply.code(404).send({ code: 'NOT_FOUND', message: 'no such script' });
        return sendPart(reply, `assets/${name}`);
      },
    );

    app.get('/simulator/package', { config: { access: 'app' } }, async (_request, reply) =>
      reply.header('cache-control', 'no-store').send(current.manifest),
    );
    app.get<{ Params: { id: string; '*': string } }>(
      '/simulator/package/:id/*',
      { config: { access: 'public' } },
      async (request, reply) => {
        const pkg = packages.get(request.params.id);
        const answer = pkg && packageFile(pkg, request.params['*']);
        if (!answer) return reply.code(404).send({ code: 'NOT_FOUND', message: 'no such package or file' });
        reply.header('access-control-allow-origin', '*').header('cross-origin-resource-policy', 'cross-origin');
        reply.header('cache-control', 'private, max-age=3600, immutable');
        if ('json' in answer) return reply.type('application/json').send(answer.json);
        reply.header('x-content-type-options', 'nosniff');
        // A page of the mini program opened as a document must not become one of ours.
        reply.header('content-security-policy', FILE_POLICY);
        return sendFile(reply, answer.path);
      },
    );

    // What the console needs to show phones; behind the control token, as everything under /api/v1.
    app.get('/api/v1/simulator', { config: { access: 'console' } }, async () => ({
      token,
      phone: '/simulator/phone.html',
      packageId: current.manifest.id,
    }));

    const relay = createRelay(deps);
    const shelf = createFileShelf({ dir: join(deps.stateDir, 'tmp') });
    const userFiles = createUserFileStore({ dir: join(deps.stateDir, 'user-files') });
    await app.register(async (scope) => {
      scope.addHook('onRoute', (route) => {
        route.config = { access: 'app', ...route.config };
      });
      answerErrors(scope);
      scope.removeAllContentTypeParsers();
      scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
      scope.addContentTypeParser(
        'application/json',
        { parseAs: 'string', bodyLimit: 1 << 20 },
        (_request, body, done) => {
          try {
            done(null, JSON.parse(body as string));
          } catch {
            done(Object.assign(new Error('the body is not JSON'), { statusCode: 400 }));
          }
        },
      );
      relay.register(scope);
      shelf.registerUpload(scope);
      userFiles.registerChanges(scope);
      registerUsers(scope, deps.users);
      scope.post('/simulator/relay/locate', async (request) => {
        const body = objectOf(request.body);
        const pkg = packages.get(String(body.packageId)) ?? current;
        const located = locateStack(pkg, String(body.stack ?? '').slice(0, MAX_STACK));
        if (body.problem !== undefined) problems.meet(body.problem, located.place);
        return located;
      });
    });
    shelf.registerDownload(app);
    userFiles.registerDownload(app);

    const sockets = new WebSocketServer({ noServer: true, maxPayload: 1 << 20 });
    const socketRelay = createSocketRelay({ deps, token });
    deps.onUpgrade(
      '/simulator/events',
      (request, socket, head) => sockets.handleUpgrade(request, socket, head, (client) => void serveEvents(client)),
      'app',
    );
    deps.onUpgrade('/simulator/relay/socket', socketRelay.handleUpgrade, 'app');

    function serveEvents(client: WebSocket): void {
      let stop: (() => void) | undefined;
      const late = setTimeout(() => client.terminate(), 10_000);
      client.on('error', () => client.terminate());
      client.once('message', (data) => {
        clearTimeout(late);
        if (!sameToken(tokenOf(data.toString()), token)) return client.close(4401, 'token');
        const send = createEventFeed(client);
        const { id, diagnostics } = current.manifest;
        send({ type: 'hello', packageId: id, diagnostics, backend: deps.events.backend() });
        stop = deps.events.subscribe(send);
      });
      client.on('close', () => {
        clearTimeout(late);
        stop?.();
      });
    }

    const logFindings = createDiagnosticLog(deps.events.log);
    logFindings(first.manifest.diagnostics);
    if (options.watch !== false) {
      await options.compiler.watch(({ pkg, change }) => {
        keep(pkg);
        if (change !== 'none') problems.reset();
        options.onPackage?.(pkg, change, logFindings(pkg.manifest.diagnostics));
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
        relay.close();
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

/** Type of one of our own parts; those of mini programs never get one that runs. */
function partType(path: string): string {
  if (path.endsWith('.js')) return 'text/javascript; charset=utf-8';
  return path.endsWith('.css') ? 'text/css; charset=utf-8' : 'text/html; charset=utf-8';
}

function sendFile(reply: FastifyReply, path: string): FastifyReply {
  return reply.type(typeOf(path)).send(createReadStream(path));
}

function registerUsers(scope: FastifyInstance, users: WeChatUsers): void {
  scope.post('/simulator/relay/login', async ({ body }) => ({ code: await users.issueCode(userOf(body)) }));
  scope.post('/simulator/relay/check-session', async ({ body }) => ({ valid: await users.checkSession(userOf(body)) }));
  scope.post('/simulator/relay/user-info', ({ body }) => {
    const { withCredentials, lang } = objectOf(body);
    return users.userInfo(userOf(body), { withCredentials: withCredentials !== false, lang: String(lang ?? 'en') });
  });
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
