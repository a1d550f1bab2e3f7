import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { type Clock, type Phrase, systemClock } from '@sparrow/core';
import { startTimeOf } from '@sparrow/core/process';
import { type BackendStatus, DEFAULT_PORT, PATHS, type RunFile } from '@sparrow/protocol';
import { qrSvg } from '@sparrow/simulator/server';
import { createTunnel, type TunnelLimits } from '@sparrow/tunnel';
import { createAccess, type Declared } from '../access/access.ts';
import { createEntrance } from '../access/entrance.ts';
import { type Backend, createBackend } from '../backend/backend.ts';
import { openDatabase } from '../db/open-database.ts';
import { createFileStore } from '../files/file-store.ts';
import { createGameService } from '../game/game-service.ts';
import { createIngress } from '../ingress/ingress.ts';
import { phrase } from '../phrase.ts';
import { ensureProject } from '../project/ensure-project.ts';
import { type Project, readProject } from '../project/read-project.ts';
import { createRecordService } from '../records/record-service.ts';
import { createSessionService } from '../session/session-service.ts';
import { createWeChat } from '../session/wechat.ts';
import { readWeChatConfig } from '../session/wechat-config.ts';
import type { WeChatExchangeOptions } from '../session/wechat-exchange.ts';
import { openStateFolder } from '../state/state-folder.ts';
import { createAddressBook } from './address-book.ts';
import { createAppServer, handlerOf } from './app-server.ts';
import { createDevEvents, type DevEvents } from './dev-events.ts';
import { createHttpFront } from './http-front.ts';
import { lanAddresses, openLan } from './lan.ts';
import { createLogFile } from './log-file.ts';
import { listenSomewhere } from './port.ts';
import type { RegisterSimulator } from './simulator-deps.ts';
import { createTunnelApps, tunnelLine } from './tunnel-apps.ts';

export interface DevServerOptions {
  /** Folder of the mini program. */
  dir: string;
  /** Folder that gets `.sparrow`; default: the project's. `check` takes a temporary one. */
  stateHome?: string;
  /** Default 7700; 0 takes any free one. When it is taken the next free one is used and `notices` says so. */
  port?: number;
  /** Fail with PORT_TAKEN instead of taking the next port. */
  strictPort?: boolean;
  /** Let devices of the LAN open the phone view, by a token. */
  lan?: boolean;
  /** How `sparrow` is called where this was started; the console's texts name commands so. */
  command?: string;
  /** The project's folder as it is named there, ready for a command line. */
  commandDir?: string;
  /** Folder of the console's static files. */
  consoleDir?: string;
  registerSimulator?: RegisterSimulator;
  /**
   * Exchange codes with WeChat itself; codes of the simulator's users stay fake. Default: `wechat.json` of the state
   * folder, if it is there.
   */
  wechat?: Omit<WeChatExchangeOptions, 'timeoutMs'>;
  /** Life of a login, default 7200, fixed from the login on. */
  sessionTtlSeconds?: number;
  /** Time the backend may take to listen, default 20,000. */
  backendReadyMs?: number;
  /** Variables that the backend gets besides its own; of the environment of this process it sees next to nothing. */
  backendEnv?: Readonly<Record<string, string>>;
  watch?: boolean;
  /** Install or link the packages of the project that are missing; default true. */
  install?: boolean;
  /** Limit for npm in each folder; default five minutes. */
  installTimeoutMs?: number | undefined;
  /** Told about steps that take a while before the server is ready. */
  onProgress?: (text: string | Phrase) => void;
  tunnelLimits?: Partial<TunnelLimits>;
  maxFileBytes?: number;
  clock?: Clock;
}

export interface DevServer {
  readonly project: Project;
  readonly port: number;
  /** `http://127.0.0.1:7700` */
  readonly url: string;
  /** Address for people: brings the console its token in the fragment, which browsers send to no server. */
  readonly consoleUrl: string;
  /** Address for a phone in the LAN, with its token; undefined when the LAN is closed or there is none. */
  readonly lanUrl?: string;
  /** Address of the backend by path, for programs: a browser is sent to an origin that is the app's alone. */
  readonly ingressUrl: string;
  /** Address of the backend in the LAN, on a port of its own, for devices with the token of `lanUrl`; undefined when the LAN is closed. */
  readonly lanIngressUrl?: string;
  readonly token: string;
  /** Every route and socket, with who may use it. */
  readonly routes: readonly Declared[];
  /** `.sparrow` of the project. */
  readonly stateDir: string;
  /** Log of this run; that of the one before is `dev.1.log` beside it. */
  readonly logFile: string;
  readonly events: DevEvents;
  /** Things worth a line, e.g. that another port was taken. */
  readonly notices: readonly Phrase[];
  backend(): BackendStatus;
  restartBackend(): void;
  /** Resolves when the backend runs; at once without one. @throws CloudError BACKEND_DOWN with the reason. */
  whenBackendReady(ms: number): Promise<void>;
  /** Stops everything by pid, frees the ports, and says what stays in `stateDir`. */
  close(): Promise<{ kept: string[] }>;
}

const ENV = 'local';
/** A request that comes while the backend restarts waits so long for it. */
const INGRESS_WAIT_MS = 10_000;

/**
 * The whole cloud of one project in one process, plus its backend.
 *
 * @throws CloudError PROJECT_INVALID, PATH_OUTSIDE_PROJECT, FOLDER_IN_USE, STATE_TOO_NEW, PORT_TAKEN, BACKEND_NO_COMMAND. A backend
 * that does not start is no error here: its status and the log say why, and a saved file starts it anew.
 */
export async function createDevServer(options: DevServerOptions): Promise<DevServer> {
  const clock = options.clock ?? systemClock;
  const project = readProject(options.dir);
  const { app } = project;
  const appEnv = `${app}/${ENV}`;
  const events = createDevEvents({ clock });
  const notices: Phrase[] = [];
  /** What was opened so far, to be closed in reverse when a later step fails, or at the end. */
  const closers: (() => Promise<void> | void)[] = [];
  const closeAll = async (): Promise<void> => {
    for (const close of closers.splice(0).reverse()) await close();
  };

  try {
    const state = openStateFolder(options.stateHome ?? project.dir);
    closers.push(() => state.release());
    const log = createLogFile({ dir: state.appFolder(app, ENV, 'logs'), events });
    closers.push(() => log.close());
    const wechat = options.wechat ?? readWeChatConfig(state.path);
    // Data that WeChat encrypts carries the appid it was made for.
    const appid = wechat?.appid ?? project.appid;
    if (options.install !== false)
      notices.push(
        ...(await ensureProject(project, { onLine: options.onProgress, timeoutMs: options.installTimeoutMs })),
      );
    const db = openDatabase(join(state.path, 'control.db'));
    closers.push(() => db.destroy());

    const backendToken = randomBytes(32).toString('base64url');
    const lanToken = randomBytes(16).toString('base64url');
    const relayToken = randomBytes(32).toString('base64url');
    let port = 0;
    const access = createAccess({ port: () => port, consoleToken: state.token, backendToken, lanToken });
    const front = createHttpFront({ access });
    closers.push(() => front.close());
    const listening = await listenSomewhere(
      front.server,
      '127.0.0.1',
      options.port ?? DEFAULT_PORT,
      options.strictPort,
      // Two runs side by side: the other one's app may hold the next port in the LAN.
      options.lan ? lanAddresses()[0] : undefined,
    );
    port = listening.port;
    if (listening.notice) notices.push(listening.notice);
    const url = `http://127.0.0.1:${port}`;
    const lan = options.lan ? await openLan(front, port) : {};
    if (lan.notice) notices.push(lan.notice);
    const lanIp = lan.address;
    const clientBase = lanIp ? `http://${lanIp}:${port}` : url;
    const { users, exchange } = createWeChat({
      db,
      appid,
      clock,
      avatarBase: () => clientBase + PATHS.avatars,
      real: wechat,
    });
    const sessions = createSessionService({
      db,
      app: appEnv,
      appid,
      exchange,
      clock,
      ttlSeconds: options.sessionTtlSeconds,
    });
    const files = createFileStore({
      dir: state.appFolder(app, ENV, 'files'),
      clock,
      maxBytes: options.maxFileBytes,
    });

    const records = createRecordService({
      dir: join(state.path, 'store'),
      app,
      env: ENV,
      backendDir: project.backendDir,
      token: backendToken,
    });
    closers.push(() => records.close());
    const game = createGameService({ dir: project.dir });
    closers.push(() => game.close());
    const hosts = project.config.hosts ?? [];
    let backend: Backend | undefined;
    const tunnel = createTunnel({
      apps: createTunnelApps({ app, env: ENV, backendToken, hosts, origin: () => backend?.origin() }),
      connectUrl: (id) => `${url.replace(/^http/, 'ws')}${PATHS.tunnelSocket}${id}`,
      clock,
      onEvent: (event) => events.log(tunnelLine(event)),
      limits: options.tunnelLimits,
    });
    front.onUpgrade(
      PATHS.tunnelSocket,
      (request, socket, head, path) =>
        tunnel.handleUpgrade(request, socket, head, path.slice(PATHS.tunnelSocket.length).split('?', 1)[0] ?? ''),
      'public',
    );

    let lanUrl: string | undefined;
    const hasBackend = project.backendDir !== undefined;
    const server = await createAppServer({
      app,
      env: ENV,
      sessions,
      files,
      tunnel,
      records,
      game,
      events,
      access,
      consoleDir: options.consoleDir,
      base: () => clientBase,
      maxFileBytes: options.maxFileBytes,
      restartBackend: () => backend?.restart(),
      status: () => ({
        app,
        env: ENV,
        title: project.title,
        appid,
        url,
        port,
        ...(lanUrl === undefined ? {} : { lanUrl, lanQr: qrSvg(lanUrl) }),
        backend: events.backend(),
        ...(options.command !== undefined && { command: options.command }),
        ...(options.commandDir !== undefined && { commandDir: options.commandDir }),
      }),
    });
    closers.push(() => server.close());
    const simulator = await options.registerSimulator?.(server, {
      projectDir: project.dir,
      stateDir: state.path,
      users,
      addresses: createAddressBook({
        app,
        env: ENV,
        port,
        hosts,
        hasBackend,
        lanAddresses: lanAddresses(),
        domains: project.config.domains ?? [],
        relayToken,
      }),
      events,
      url,
      port,
      app,
      env: ENV,
      appid,
      domains: project.config.domains,
      token: state.token,
      onUpgrade: front.onUpgrade,
    });
    const phonePath = simulator?.phonePath ?? '/phone';
    if (simulator?.token !== undefined) access.setPhoneToken(simulator.token);
    if (simulator) closers.push(() => simulator.close());
    await server.ready();

    const run: RunFile = { pid: process.pid, port, url, app, env: ENV, startedAt: clock.now() };
    lanUrl = lanIp
      ? `http://${lanIp}:${port}${phonePath}?lan=${lanToken}${simulator?.phoneFragment ? `#${simulator.phoneFragment}` : ''}`
      : undefined;
    if (lanUrl) run.lanUrl = lanUrl;
    state.writeRun(run);

    if (project.backendDir !== undefined) {
      const { command, health, ignore } = project.config.backend ?? {};
      options.onProgress?.(phrase`starting the backend …`);
      backend = await createBackend({
        dir: project.backendDir,
        command,
        health,
        ignore,
        readyMs: options.backendReadyMs,
        watch: options.watch,
        env: {
          ...options.backendEnv,
          SPARROW_URL: url,
          SPARROW_TOKEN: backendToken,
          SPARROW_APP: app,
          SPARROW_ENV: ENV,
          SPARROW_DATA_DIR: state.appFolder(app, ENV, 'data'),
        },
        onLine: (level, text) => events.log({ source: 'backend', level, text }),
        onStatus: (status) => events.emit({ type: 'backend', status }),
        // Its clients' names lived in the process that is gone: their sockets close, and they connect anew.
        onGone: () => tunnel.closeApp(appEnv, 'the backend is restarting'),
        onProcess(pid) {
          const startTime = pid === undefined ? undefined : startTimeOf(pid);
          delete run.backend;
          if (pid !== undefined && startTime !== undefined) run.backend = { pid, startTime };
          state.writeRun(run);
        },
      });
      closers.push(() => backend?.close());
    }
    // The backend still runs while the tunnel says farewell to it.
    closers.push(() => tunnel.close());
    const running = backend;
    const ingress = running
      ? createIngress({ target: () => running.whenReady(INGRESS_WAIT_MS), relayToken })
      : undefined;
    closers.push(() => ingress?.close());
    front.open({
      entrance: createEntrance({
        app,
        env: ENV,
        port,
        lanHosts: lanIp ? [`${lanIp}:${port}`] : [],
        appHosts: lan.app ? [lan.app] : [],
      }),
      ingress,
      appOrigin: (door) =>
        door === 'local' ? `http://${app}.${ENV}.localhost:${port}` : lan.app && `http://${lan.app}`,
      handler: handlerOf(server),
    });

    return {
      project,
      port,
      url,
      consoleUrl: `${url}/#token=${state.token}`,
      ...(lanUrl === undefined ? {} : { lanUrl }),
      ingressUrl: `${url}/@${appEnv}`,
      ...(lan.app === undefined ? {} : { lanIngressUrl: `http://${lan.app}` }),
      token: state.token,
      routes: access.declared(),
      stateDir: state.path,
      logFile: log.path,
      events,
      notices,
      backend: () => events.backend(),
      restartBackend: () => backend?.restart(),
      async whenBackendReady(ms) {
        await backend?.whenReady(ms);
      },
      async close() {
        await closeAll();
        return { kept: ['control.db', `apps/${appEnv}/data`, `apps/${appEnv}/files`] };
      },
    };
  } catch (error) {
    await closeAll();
    throw error;
  }
}
