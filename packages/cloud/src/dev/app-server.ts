import type { IncomingMessage, ServerResponse } from 'node:http';
import fastifyStatic from '@fastify/static';
import { PATHS, TUNNEL_PATHS } from '@sparrow/protocol';
import type { Tunnel } from '@sparrow/tunnel';
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import { CloudError, errorBody, statusOf, toCloudError } from '../errors.ts';
import { registerFileRoutes } from '../files/file-routes.ts';
import { DEFAULT_MAX_FILE_BYTES, type FileStore } from '../files/file-store.ts';
import { registerGameRoutes } from '../game/game-routes.ts';
import type { GameService } from '../game/game-service.ts';
import { equal } from '../ingress/guard.ts';
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
  /** SPARROW_TOKEN of the backend. */
  backendToken: string;
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

/** All routes of the control server, as a Fastify instance that does not listen by itself. */
export async function createAppServer(options: AppServerOptions): Promise<FastifyInstance> {
  const app = Fastify({
    logger: false,
    bodyLimit: 1024 * 1024,
    // Requests reach it through `handlerOf`; a server of its own is never made to listen.
    routerOptions: { ignoreTrailingSlash: false },
  });

  app.setErrorHandler((error, _request, reply) => {
    const known = toCloudError(error);
    if (known.code === 'INTERNAL')
      options.events.log({
        source: 'native',
        level: 'error',
        text: known.message,
        ...(error instanceof Error && error.stack ? { stack: error.stack } : {}),
      });
    void reply.status(statusOf(known)).send(errorBody(known));
  });
  app.setNotFoundHandler((request, reply) => {
    const error = new CloudError('NOT_FOUND', `there is nothing at ${request.method} ${request.url}`, {
      hint: 'the console is at /, the API under /api/v1/',
    });
    void reply.status(404).send(errorBody(error));
  });
  app.addHook('onSend', async (_request, reply) => {
    reply.header('x-content-type-options', 'nosniff');
    reply.header('referrer-policy', 'no-referrer');
  });

  function authorize(request: FastifyRequest): void {
    const given = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
    if (equal(given, options.backendToken)) return;
    throw new CloudError('TOKEN_INVALID', 'this call needs the token of the backend', {
      hint: 'send Authorization: Bearer <SPARROW_TOKEN>; sdk/server does so',
    });
  }

  await app.register(fastifyStatic, {
    root: options.consoleDir ?? import.meta.dirname,
    serve: options.consoleDir !== undefined,
    prefix: '/',
  });
  registerSessionRoutes(app, { sessions: options.sessions, authorize });
  registerFileRoutes(app, {
    store: options.files,
    app: `${options.app}/${options.env}`,
    authorize,
    base: options.base,
    maxBytes: options.maxFileBytes ?? DEFAULT_MAX_FILE_BYTES,
  });
  registerRecordRoutes(app, { records: options.records, authorize });
  registerGameRoutes(app, { game: options.game });
  registerTunnelRoutes(app, options.tunnel);
  registerApi(app, options);

  app.get<{ Params: { file: string } }>(`${PATHS.avatars}:file`, async (request, reply) => {
    const { file } = request.params;
    if (!file.endsWith('.svg'))
      throw new CloudError('FILE_NOT_FOUND', 'avatars are SVG', { hint: `use ${PATHS.avatars}<user>.svg` });
    reply.header('content-type', 'image/svg+xml; charset=utf-8');
    reply.header('content-security-policy', "sandbox; default-src 'none'; style-src 'unsafe-inline'");
    reply.header('cross-origin-resource-policy', 'cross-origin');
    reply.header('access-control-allow-origin', '*');
    reply.header('cache-control', 'public, max-age=86400');
    return avatarSvg(file.slice(0, -'.svg'.length));
  });

  if (options.consoleDir === undefined)
    app.get('/', async (_request, reply) => {
      reply.header('content-type', 'text/plain; charset=utf-8');
      return 'Sparrow runs. The console was not built: npm run build\n';
    });
  return app;
}

/** Hands requests to a Fastify instance that is ready. */
export function handlerOf(app: FastifyInstance): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => app.routing(request, response);
}

function registerTunnelRoutes(app: FastifyInstance, tunnel: Tunnel): void {
  app.register(async (scope) => {
    // The signature is over the text as it came, and Wafer's SDKs disagree on the content type.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'string', bodyLimit: TUNNEL_BODY_BYTES }, (_request, body, done) =>
      done(null, body),
    );
    for (const path of Object.values(TUNNEL_PATHS))
      scope.post(PATHS.tunnel + path, { bodyLimit: TUNNEL_BODY_BYTES }, async (request, reply) => {
        const answer = tunnel.handleHttp(path, typeof request.body === 'string' ? request.body : '');
        reply.status(answer.status).header('content-type', 'application/json; charset=utf-8');
        return answer.body;
      });
  });
}

function registerApi(app: FastifyInstance, options: AppServerOptions): void {
  app.get(`${PATHS.api}status`, async () => options.status());
  app.get(`${PATHS.api}logs`, async () => ({ lines: options.events.recent() }));
  app.post(`${PATHS.api}backend/restart`, async (_request, reply) => {
    options.restartBackend();
    return reply.status(202).send({});
  });
}
