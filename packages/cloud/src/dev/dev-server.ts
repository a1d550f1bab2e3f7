import { type Clock, type Phrase, systemClock } from '@sparrow/core';
import { type BackendStatus, PATHS, type RunFile } from '@sparrow/protocol';
import { qrSvg } from '@sparrow/simulator/server';
import { createTunnel, type Tunnel, type TunnelLimits } from '@sparrow/tunnel';
import type { FastifyInstance } from 'fastify';
import type { Declared } from '../access/access.ts';
import { createIngress } from '../ingress/ingress.ts';
import { phrase } from '../phrase.ts';
import { ensureProject } from '../project/ensure-project.ts';
import { type Project, readProject } from '../project/read-project.ts';
import { readWeChatConfig } from '../session/wechat-config.ts';
import type { WeChatExchangeOptions } from '../session/wechat-exchange.ts';
import { openStateFolder, type StateFolder } from '../state/state-folder.ts';
import { createAddressBook } from './address-book.ts';
import { createAppServer } from './app-server.ts';
import { type BackendSlot, createBackendSlot } from './backend-slot.ts';
import { type Closers, createClosers } from './closers.ts';
import { createDevEvents, type DevEvents } from './dev-events.ts';
import { type Doors, openDoors } from './doors.ts';
import { lanAddresses } from './lan.ts';
import { createLogFile } from './log-file.ts';
import { openServices } from './services.ts';
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
  const closers = createClosers();
  try {
    return await compose(options, closers);
  } catch (error) {
    await closers.closeAll();
    throw error;
  }
}

/** What the parts below are made of. */
interface Run {
  options: DevServerOptions;
  clock: Clock;
  project: Project;
  events: DevEvents;
  state: StateFolder;
  doors: Doors;
  services: ReturnType<typeof openServices>;
  /** Empty until the backend is started, the last of all. */
  slot: BackendSlot;
}

/** Opens everything, in the order in which one needs the other. */
async function compose(options: DevServerOptions, closers: Closers): Promise<DevServer> {
  const clock = options.clock ?? systemClock;
  const project = readProject(options.dir);
  const { app } = project;
  const events = createDevEvents({ clock });
  const state = openStateFolder(options.stateHome ?? project.dir);
  closers.add(() => state.release());
  const log = createLogFile({ dir: state.appFolder(app, ENV, 'logs'), events });
  closers.add(() => log.close());
  const wechat = options.wechat ?? readWeChatConfig(state.path);
  const installed = options.install === false ? [] : await install(project, options);
  const doors = await openDoors({ ...doorOptions(options), consoleToken: state.token }, closers);
  const { sessionTtlSeconds, maxFileBytes } = options;
  const services = openServices(
    { ...{ project, state, doors, clock, wechat, sessionTtlSeconds, maxFileBytes }, env: ENV },
    closers,
  );
  const slot = createBackendSlot();
  const run: Run = { options, clock, project, events, state, doors, services, slot };
  const tunnel = openTunnel(run);

  /** Known once the simulator has said where its phone is. */
  const address: { lan?: string } = {};
  const server = await openAppServer(run, tunnel, () => address.lan);
  closers.add(() => server.close());
  const simulator = await registerSimulator(run, server);
  if (simulator) closers.add(() => simulator.close());
  await server.ready();
  const lanUrl = lanUrlOf(doors, simulator);
  if (lanUrl !== undefined) address.lan = lanUrl;
  await startBackend(run, tunnel, lanUrl);
  closers.add(() => slot.backend?.close());
  // The backend still runs while the tunnel says farewell to it.
  closers.add(() => tunnel.close());
  const running = slot.backend;
  const ingress =
    running && createIngress({ target: () => running.whenReady(INGRESS_WAIT_MS), relayToken: doors.tokens.relay });
  closers.add(() => ingress?.close());
  doors.open({ app, env: ENV, server, ingress });

  const { port, url, lan } = doors;
  return {
    ...{ project, port, url, events },
    consoleUrl: `${url}/#token=${state.token}`,
    ...(lanUrl === undefined ? {} : { lanUrl }),
    ingressUrl: `${url}/@${app}/${ENV}`,
    ...(lan.app === undefined ? {} : { lanIngressUrl: `http://${lan.app}` }),
    token: state.token,
    routes: doors.access.declared(),
    stateDir: state.path,
    logFile: log.path,
    notices: [...installed, ...doors.notices],
    backend: () => events.backend(),
    restartBackend: () => slot.backend?.restart(),
    async whenBackendReady(ms) {
      await slot.backend?.whenReady(ms);
    },
    async close() {
      await closers.closeAll();
      return { kept: ['control.db', `apps/${app}/${ENV}/data`, `apps/${app}/${ENV}/files`] };
    },
  };
}

const doorOptions = ({ port, strictPort, lan }: DevServerOptions) => ({ port, strictPort, lan });

const install = (project: Project, { onProgress, installTimeoutMs }: DevServerOptions) =>
  ensureProject(project, { onLine: onProgress, timeoutMs: installTimeoutMs });

function openTunnel({ options, clock, project, events, doors, slot }: Run): Tunnel {
  const { front, url, tokens } = doors;
  const tunnel = createTunnel({
    apps: createTunnelApps({
      app: project.app,
      env: ENV,
      backendToken: tokens.backend,
      hosts: project.config.hosts ?? [],
      origin: () => slot.backend?.origin(),
    }),
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
  return tunnel;
}

function openAppServer(
  { options, project, events, doors, services, slot }: Run,
  tunnel: Tunnel,
  lanUrl: () => string | undefined,
): Promise<FastifyInstance> {
  const { app, title } = project;
  const { appid, users: _, ...routed } = services;
  const { access, url, port } = doors;
  return createAppServer({
    ...{ app, env: ENV, tunnel, events, access, ...routed },
    consoleDir: options.consoleDir,
    base: () => doors.clientBase,
    maxFileBytes: options.maxFileBytes,
    restartBackend: () => slot.backend?.restart(),
    status() {
      const inLan = lanUrl();
      return {
        ...{ app, env: ENV, title, appid, url, port },
        ...(inLan === undefined ? {} : { lanUrl: inLan, lanQr: qrSvg(inLan) }),
        backend: events.backend(),
        ...(options.command !== undefined && { command: options.command }),
        ...(options.commandDir !== undefined && { commandDir: options.commandDir }),
      };
    },
  });
}

type Simulator = Awaited<ReturnType<RegisterSimulator>>;

async function registerSimulator(
  { options, project, events, state, doors, services }: Run,
  server: FastifyInstance,
): Promise<Simulator | undefined> {
  const { app, config } = project;
  const { front, access, url, port, tokens } = doors;
  const simulator = await options.registerSimulator?.(server, {
    projectDir: project.dir,
    stateDir: state.path,
    users: services.users,
    addresses: createAddressBook({
      ...{ app, env: ENV, port },
      hosts: config.hosts ?? [],
      hasBackend: project.backendDir !== undefined,
      lanAddresses: lanAddresses(),
      domains: config.domains ?? [],
      relayToken: tokens.relay,
    }),
    ...{ events, url, port, app, env: ENV, appid: services.appid },
    domains: config.domains,
    token: state.token,
    onUpgrade: front.onUpgrade,
  });
  if (simulator?.token !== undefined) access.setPhoneToken(simulator.token);
  return simulator;
}

/** Address of the phone view for a phone in the LAN. */
function lanUrlOf({ lan, port, tokens }: Doors, simulator: Simulator | undefined): string | undefined {
  if (!lan.address) return undefined;
  const fragment = simulator?.phoneFragment ? `#${simulator.phoneFragment}` : '';
  return `http://${lan.address}:${port}${simulator?.phonePath ?? '/phone'}?lan=${tokens.lan}${fragment}`;
}

/** Says in the state folder that this run is there, and starts the project's backend, if it has one. */
async function startBackend(
  { options, clock, project, events, state, doors, slot }: Run,
  tunnel: Tunnel,
  lanUrl: string | undefined,
): Promise<void> {
  const { app } = project;
  const { port, url, tokens } = doors;
  const run: RunFile = { pid: process.pid, port, url, app, env: ENV, startedAt: clock.now() };
  if (lanUrl) run.lanUrl = lanUrl;
  state.writeRun(run);
  if (project.backendDir !== undefined) options.onProgress?.(phrase`starting the backend …`);
  await slot.start({
    ...{ project, state, events, run },
    readyMs: options.backendReadyMs,
    watch: options.watch,
    env: {
      ...options.backendEnv,
      SPARROW_URL: url,
      SPARROW_TOKEN: tokens.backend,
      SPARROW_APP: app,
      SPARROW_ENV: ENV,
      SPARROW_DATA_DIR: state.appFolder(app, ENV, 'data'),
    },
    // Its clients' names lived in the process that is gone: their sockets close, and they connect anew.
    onGone: () => tunnel.closeApp(`${app}/${ENV}`, 'the backend is restarting'),
  });
}
