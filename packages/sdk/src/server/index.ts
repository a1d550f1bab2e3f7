/**
 * `@sparrow/sdk/server`: login, tunnel and files for the backend of a mini program, with any Node framework or none. It has no
 * dependencies and speaks to the control server that started the program.
 */
import { readConfig, type SparrowConfig } from './config.ts';
import { createFiles, type SparrowFiles } from './files.ts';
import { type AnyRequest, type AnyResponse, sendJson } from './http-shapes.ts';
import { createStoreApi, type SparrowStore } from './records.ts';
import { failure, ok } from './replies.ts';
import { createServiceClient } from './service-client.ts';
import { createSession, type Session } from './session.ts';
import { createTunnelApi, type SparrowTunnel } from './tunnel.ts';

export type { SparrowConfig } from './config.ts';
export { SparrowSdkError, type SparrowSdkErrorCode } from './errors.ts';
export type { SparrowFile, SparrowFiles } from './files.ts';
export type { AnyRequest, AnyResponse } from './http-shapes.ts';
export {
  type FoundRecord,
  type ListEntry,
  type RecordWriteOptions,
  type SparrowList,
  SparrowRecordError,
  type SparrowStore,
  type SparrowTable,
  type WrittenRecord,
} from './records.ts';
export { failure, ok } from './replies.ts';
export type { LoginResult, Session, SparrowUser } from './session.ts';
export type { SparrowTunnel, TunnelHandlers, TunnelMessage, TunnelPeer } from './tunnel.ts';

/** The cloud, as a backend sees it. */
export interface Sparrow extends Session {
  readonly config: SparrowConfig;
  /** Answers the login route of wafer2-client-sdk: `{code: 0, data: {skey, userinfo}}` or `{code: -1, error}`, always status 200. It never rejects. */
  handleLogin(request: AnyRequest, response: AnyResponse): Promise<void>;
  readonly tunnel: SparrowTunnel;
  readonly files: SparrowFiles;
  /** Records of this app, see `records.proto`. */
  readonly store: SparrowStore;
}

/**
 * Connects the backend with its cloud. Without options everything comes from the environment that `sparrow dev` sets.
 *
 * @example
 * import http from 'node:http';
 * import { createSparrow, failure, ok } from '@sparrow/sdk/server';
 *
 * const sparrow = createSparrow();
 * const chat = sparrow.tunnel.handler({
 *   onConnect: ({ tunnelId, user }) => sparrow.tunnel.emit(tunnelId, 'hello', user?.nickName),
 * });
 * http.createServer(async (req, res) => {
 *   if (req.url === '/login') return sparrow.handleLogin(req, res);
 *   if (req.url === '/tunnel') return chat(req, res);
 *   const body = await sparrow.checkSession(req).then(ok, failure);
 *   res.end(JSON.stringify(body));
 * }).listen(sparrow.config.port);
 *
 * @throws SparrowSdkError ERR_INIT_SDK_LOST_CONFIG when the program was not started by Sparrow and an option is missing.
 */
export function createSparrow(options: Partial<SparrowConfig> = {}): Sparrow {
  const config = readConfig({ ...process.env, ...toEnvironment(options) });
  const client = createServiceClient(config);
  const session = createSession(client);
  return {
    config,
    ...session,
    async handleLogin(request, response) {
      const body = await session.login(request).then(ok, failure);
      sendJson(response, 200, body);
    },
    tunnel: createTunnelApi(config, client, session),
    files: createFiles(client),
    store: createStoreApi(config, client),
  };
}

function toEnvironment(options: Partial<SparrowConfig>): Record<string, string> {
  const names: Record<keyof SparrowConfig, string> = {
    port: 'PORT',
    url: 'SPARROW_URL',
    token: 'SPARROW_TOKEN',
    dataDir: 'SPARROW_DATA_DIR',
    app: 'SPARROW_APP',
    env: 'SPARROW_ENV',
  };
  return Object.fromEntries(
    Object.entries(options).map(([key, value]) => [names[key as keyof SparrowConfig], String(value)]),
  );
}
