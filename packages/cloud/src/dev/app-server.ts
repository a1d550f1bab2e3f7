import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import fastifyStatic from '@fastify/static';
import { chunksOf, drain } from '@sparrow/core/drain';
import { PATHS, TUNNEL_PATHS } from '@sparrow/protocol';
import type { Tunnel } from '@sparrow/tunnel';
import Fastify, { type FastifyInstance } from 'fastify';
import { type AccessControl, declareAccess } from '../access/access.ts';
import { CloudError, errorBody, statusOf, toCloudError } from '../errors.ts';
import { registerFileRoutes } from '../files/file-routes.ts';
import { DEFAULT_MAX_FILE_BYTES, type FileStore } from '../files/file-store.ts';
import { registerGameRoutes } from '../game/game-routes.ts';
import type { GameService } from '../game/game-service.ts';
import { phrase } from '../phrase.ts';
import { registerRecordRoutes } from '../records/record-routes.ts';
import type { RecordService } from '../records/record-service.ts';
import { avatarSvg } from '../session/avatars.ts';
import { registerSessionRoutes } from '../session/session-routes.ts';
import type { SessionService } from '../session/session-service.ts';
import type { DevEvents } from './dev-events.ts';

export interface AppServerOptions {
  app: string;
  env: string;
  sessions: SessionService;
  files: FileStore;
  tunnel: Tunnel;
  records: RecordService;
  game: GameService;
  events: DevEvents;
  access: AccessControl;
  /** Folder of the console's static files. */
  consoleDir: string | undefined;
  /** Address of this server as clients know it. */
  base: () => string;
  maxFileBytes?: number | undefined;
  restartBackend: () => void;
  status: () => Record<string, unknown>;
}

/** A push may go to very many tunnels at once. */
const TUNNEL_BODY_BYTES = 16 * 1024 * 1024;
/** The same of callers who bring no token, and how many of them are read at the same time. */
const UNPROVEN_BODY_BYTES = 1024 * 1024;
const UNPROVEN_BODIES = 8;

/** All routes of the control server, as a Fastify instance that does not listen by itself. */
export async function createAppServer(options: AppServerOptions): Promise<FastifyInstance> {
  const app = Fastify({
    logger: false,
    bodyLimit: 1024 * 1024,
    // Requests reach it through `handlerOf`; a server of its own is never made to listen.
    routerOptions: { ignoreTrailingSlash: false },
  });

  options.access.guard(app);
  app.setErrorHandler((error, _request, reply) => {
    const known = toCloudError(error);
    if (known.code === 'INTERNAL')
      options.events.log({
        source: 'native',
        level: 'error',
        text: error instanceof Error ? error.message : String(error),
        ...(error instanceof Error && error.stack ? { stack: error.stack } : {}),
      });
    void reply.status(statusOf(known)).send(errorBody(known));
  });
  app.setNotFoundHandler((request, reply) => {
    const error = new CloudError('NOT_FOUND', phrase`there is nothing at ${request.method} ${request.url}`, {
      hint: phrase`the console is at /, the API under /api/v1/`,
    });
    void reply.status(404).send(errorBody(error));
  });
  app.addHook('onSend', async (_request, reply) => {
    reply.header('x-content-type-options', 'nosniff');
    reply.header('referrer-policy', 'no-referrer');
  });

  // Outside of a scope, since other routes use what it adds to replies.
  await app.register(fastifyStatic, { root: options.consoleDir ?? import.meta.dirname, serve: false });
  registerConsole(app, options.consoleDir);
  registerSessionRoutes(app, { sessions: options.sessions });
  registerFileRoutes(app, {
    store: options.files,
    app: `${options.app}/${options.env}`,
    base: options.base,
    maxBytes: options.maxFileBytes ?? DEFAULT_MAX_FILE_BYTES,
  });
  app.register(async (scope) => {
    declareAccess(scope, 'console');
    registerRecordRoutes(scope, { records: options.records });
    registerGameRoutes(scope, { game: options.game });
    registerApi(scope, options);
  });
  registerTunnelRoutes(app, options);

  app.get<{ Params: { file: string } }>(
    `${PATHS.avatars}:file`,
    { config: { access: 'public' } },
    async (request, reply) => {
      const { file } = request.params;
      if (!file.endsWith('.svg'))
        throw new CloudError('FILE_NOT_FOUND', phrase`avatars are SVG`, {
          hint: phrase`use ${PATHS.avatars}<user>.svg`,
        });
      reply.header('content-type', 'image/svg+xml; charset=utf-8');
      reply.header('content-security-policy', "sandbox; default-src 'none'; style-src 'unsafe-inline'");
      reply.header('cross-origin-resource-policy', 'cross-origin');
      reply.header('access-control-allow-origin', '*');
      reply.header('cache-control', 'public, max-age=86400');
      return avatarSvg(file.slice(0, -'.svg'.length));
    },
  );

  return app;
}

/** The console's own pages. They hold no secret: the token comes in the fragment of the address. */
function registerConsole(app: FastifyInstance, dir: string | undefined): void {
  app.register(async (scope) => {
    declareAccess(scope, 'machine');
    scope.addHook('onSend', async (_request, reply) => {
      reply.header('content-security-policy', "frame-ancestors 'none'");
    });
    if (dir !== undefined) {
      await scope.register(fastifyStatic, { root: dir, prefix: '/', decorateReply: false });
      return;
    }
    scope.get('/', async (_request, reply) => {
      reply.header('content-type', 'text/plain; charset=utf-8');
      return 'Sparrow runs. The console was not built: npm run build\n';
    });
  });
}

/** Hands requests to a Fastify instance that is ready. */
export function handlerOf(app: FastifyInstance): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => app.routing(request, response);
}

/**
 * Calls of backends to the tunnel. A call is signed over its body, so the body must be read first: from whoever brings the
 * backend's token up to 16 MiB; from others (Wafer's own SDKs) 1 MiB, and only a few at the same time.
 */
function registerTunnelRoutes(app: FastifyInstance, { tunnel, access }: AppServerOptions): void {
  let unproven = 0;
  app.register(async (scope) => {
    // The signature is over the text as it came, and Wafer's SDKs disagree on the content type.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
    for (const path of Object.values(TUNNEL_PATHS))
      scope.post<{ Body: Readable | undefined }>(
        PATHS.tunnel + path,
        { config: { access: 'backend', signed: true } },
        async (request, reply) => {
          const proven = access.allows('backend', request.raw);
          if (!proven && unproven >= UNPROVEN_BODIES)
            throw new CloudError('BUSY', phrase`too many calls are being read`, { hint: phrase`try again` });
          if (!proven) unproven++;
          let body: string;
          try {
            body = await readText(request.body, proven ? TUNNEL_BODY_BYTES : UNPROVEN_BODY_BYTES);
          } finally {
            if (!proven) unproven--;
          }
          const answer = tunnel.handleHttp(path, body);
          reply.status(answer.status).header('content-type', 'application/json; charset=utf-8');
          return answer.body;
        },
      );
  });
}

async function readText(body: Readable | undefined, limit: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body ? chunksOf(body) : []) {
    size += chunk.length;
    if (size > limit) break;
    chunks.push(chunk);
  }
  if (size <= limit) return Buffer.concat(chunks).toString('utf8');
  if (body) await drain(body);
  throw new CloudError('FILE_TOO_LARGE', phrase`this call may have ${limit} bytes`, {
    hint: phrase`send Authorization: Bearer <SPARROW_TOKEN> with it, or less at once`,
  });
}

function registerApi(app: FastifyInstance, options: AppServerOptions): void {
  app.get(`${PATHS.api}status`, async () => options.status());
  app.get(`${PATHS.api}logs`, async () => ({ lines: options.events.recent() }));
  app.post(`${PATHS.api}backend/restart`, async (_request, reply) => {
    options.restartBackend();
    return reply.status(202).send({});
  });
  // What is not there asks for the token first, so that nobody learns what is.
  for (const url of [PATHS.api.slice(0, -1), `${PATHS.api}*`])
    app.all(url, async (_request, reply) => reply.callNotFound());
}
