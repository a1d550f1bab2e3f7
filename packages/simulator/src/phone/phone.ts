import type {
  Device,
  NetworkEntry,
  PackageManifest,
  RuntimeMode,
  ServiceBoot,
  StackPageInfo,
  TraceEntry,
} from '@sparrow/protocol';
import { BRIDGE_VERSION } from '@sparrow/protocol';
import { type Channel, emitOn } from '@sparrow/runtime/bridge';
import {
  createProgramFiles,
  createStorage,
  type Phone as HostPhone,
  type LogEntry,
  openUserFiles,
  type ProblemEntry,
  RelayClient,
  type ReportEntry,
  type Surroundings,
} from '@sparrow/runtime/native';
import { createAbilities } from './abilities.ts';
import { createDeveloper, traceWithPaths } from './developer.ts';
import { watchDevice } from './device-watch.ts';
import { createEvaluator, watchLogic } from './evaluator.ts';
import type { Fault } from './faults.ts';
import { createForm } from './form.ts';
import { type FrameWatch, openLogicLayer } from './frames.ts';
import { createPresence, openingOf } from './launch.ts';
import { reloadLive } from './live-reload.ts';
import { createPhoneMeters } from './meter.ts';
import { openPackages } from './packages.ts';
import type { StackPage } from './page-stack.ts';
import { createPages, type PhonePages } from './pages.ts';
import { createScreen } from './screen.ts';
import { createScreenChanges } from './screen-changes.ts';
import { type SilenceCode, watchSilences } from './silences.ts';
import { createSlots } from './slots.ts';
import type { PhoneTexts } from './texts.ts';
import { traced } from './trace.ts';

export interface PhoneOptions {
  /** The element that is the phone's screen. */
  screen: HTMLElement;
  device: Device;
  landscape: boolean;
  theme: 'light' | 'dark';
  language: string;
  /** They outlive a restart of the program. */
  surroundings: Surroundings;
  /** What the phone itself says. */
  texts: PhoneTexts;
  mode: RuntimeMode;
  user: string;
  token: string;
  /** Address of the simulator's server, e.g. `/simulator`. */
  base: string;
  /** Page to open, with query; the entry page when absent. */
  startPath?: string;
  scene: number;
  /** Load the frame of the next page ahead. */
  ahead: boolean;
  debug: boolean;
  /** Takes what passes on the bridge; without it nobody looks at the messages. */
  trace: ((entry: Omit<TraceEntry, 'phone'>) => void) | undefined;
  onLog(entry: LogEntry): void;
  onNetwork(entry: NetworkEntry): void;
  onProblem(problem: ProblemEntry): void;
  /** What the program reported with wx.reportEvent and its kin. */
  onReport(entry: ReportEntry): void;
  /** Something broke in the program; it follows `onProblem` once its place is known. */
  onFault(fault: Fault): void;
  onPageReady(pageId: number, path: string, error?: string): void;
  /** A script does not come to an end (`LOGIC_STUCK`, `VIEW_STUCK`), or a frame does not start (`START_FAILED`). */
  onSilent(code: SilenceCode, seconds: number): void;
  /** It has answered after all. */
  onAnswer(code: SilenceCode): void;
  /** The process in which the program ran has ended; there is nothing left but to start anew. Told once. */
  onEnded(): void;
  /** The page stack or the app's parameters changed (for the console's status line). */
  onRoute(pages: StackPageInfo[]): void;
}

/** One running mini program on one phone. */
export interface Phone {
  readonly manifest: PackageManifest;
  /** What the program sees: one without `darkmode` in app.json is always light. */
  readonly theme: 'light' | 'dark';
  pages(): readonly StackPage[];
  /** Runs `(function)(env, ...args)` in the logic layer. */
  evaluate(source: string, args: unknown[]): Promise<unknown>;
  /** A newer package: styles, templates and scripts are exchanged under the living pages. */
  update(packageId: string, change: 'styles' | 'templates' | 'scripts'): Promise<void>;
  setTheme(theme: 'light' | 'dark'): void;
  /** The screen has got another size, in CSS pixels. */
  resize(width: number, height: number): void;
  /** Tells the program what happened to its phone: a screen shot, a warning of the system. */
  readonly emit: HostPhone['emit'];
  /** Asks the page that is shown what it shares, and says that it was done. */
  share(done: string): void;
  back(): void;
  navigate(url: string): void;
  hide(): void;
  show(): void;
  /** Another app of the phone takes the sound (a call, an alarm), or gives it back. */
  interruptAudio(begins: boolean): void;
  /** The iframe of a page's view. */
  viewFrame(pageId: number): HTMLIFrameElement | null;
  close(): void;
}

/** What a phone loads before its program can run. */
async function load(options: PhoneOptions, frames: FrameWatch) {
  const { screen, base, token, user, mode } = options;
  // What does not depend on the package starts before it is asked for.
  const opening = openLogicLayer(mode, base, screen, frames);
  opening.catch(() => {});
  const slots = createSlots(mode, base, screen, frames);
  slots.makeReady();
  const packages = await openPackages(`${base}/package`, token);
  const start = openingOf(packages.manifest, options.startPath, options.scene);

  const relay = new RelayClient({ base: `${base}/relay`, token, user });
  const fileBase = new URL(`${base}/files`, location.href).href;
  const [storage, userFiles, logic, bundle] = await Promise.all([
    createStorage(packages.manifest.appid, user),
    openUserFiles(relay, fileBase),
    opening,
    packages.loadService(start.root),
    packages.loadStyles(''),
    packages.loadStyles(start.root),
  ]);
  const bases = { fileBase, userBase: userFiles.base };
  const files = createProgramFiles({
    relay,
    bases: () => ({ assetBase: packages.assetBase(), ...bases }),
    settled: userFiles.settled,
  });
  return {
    packages,
    start,
    relay,
    storage,
    stored: await storage.all(),
    userFiles,
    logic,
    bundle,
    slots,
    bases,
    files,
  };
}

/** Starts a mini program on a phone: puts the parts together and boots the logic layer. */
export async function startPhone(options: PhoneOptions): Promise<Phone> {
  const { screen: element, mode, user } = options;
  const silences = watchSilences(options);
  let closed = false;
  let hasEnded = false;
  const loaded = await load(options, {
    late: (seconds) => silences.begin('START_FAILED', seconds),
    came: () => silences.end('START_FAILED'),
    stuck: (seconds) => silences.begin('VIEW_STUCK', seconds),
    alive: () => silences.end('VIEW_STUCK'),
    ended() {
      if (hasEnded || closed) return;
      hasEnded = true;
      options.onEnded();
    },
  });
  const { packages, start, relay, storage, logic, files } = loaded;
  const screen = createScreen(element, files.show);
  const form = createForm({ ...options, darkmode: packages.manifest.app.darkmode });
  const meters = createPhoneMeters(options);
  const pathOf = (pageId: number): string => pages.pathOf(pageId);
  const trace = traceWithPaths(options.trace, pathOf);
  const tapped = (channel: Channel, pageId: number): Channel =>
    trace ? traced(channel, trace, pageId, meters.trace) : channel;
  const service = tapped(logic.channel, 0);

  const pages: PhonePages = createPages({
    ...loaded,
    ...{ mode, form, service, tapped, screen: element },
    startPath: start.options.path,
    ahead: options.ahead,
    meter: meters.route,
    invoked: (...call) => abilities.dispatch(...call),
    showFile: files.show,
    onShow: screen.dismiss,
    onRoute: options.onRoute,
    onReady: options.onPageReady,
  });
  const presence = createPresence(service, element, start.options, options.texts);
  const evaluator = createEvaluator(service);
  const onFault = (fault: Fault): void => void (closed || options.onFault(fault));
  const developer = createDeveloper(
    { ...options, onFault },
    { relay, packages, user, evaluator, meters, trace, pathOf },
  );

  const abilities = createAbilities({
    ...loaded,
    ...{ service, screen, pages, developer, presence, language: options.language, surroundings: options.surroundings },
  });

  const boot: ServiceBoot = {
    version: BRIDGE_VERSION,
    mode,
    manifest: packages.manifest,
    bundle: loaded.bundle,
    launch: start.options,
    system: pages.system(),
    menuButton: form.menuButton(),
    storage: loaded.stored,
    userFiles: loaded.userFiles.files,
    debug: options.debug,
    trace: options.trace !== undefined,
  };
  emitOn(service, 'boot', boot);
  const ends = [
    watchLogic(evaluator.evaluate, {
      stuck: (seconds) => silences.begin('LOGIC_STUCK', seconds),
      alive: () => silences.end('LOGIC_STUCK'),
    }),
    watchDevice(abilities.phone.emit, options.surroundings),
    abilities.close,
    files.close,
    pages.close,
    loaded.slots.close,
    logic.close,
    storage.close,
  ];
  pages.launch(start.url);

  return {
    get manifest() {
      return packages.manifest;
    },
    get theme() {
      return form.theme;
    },
    pages: () => pages.stack,
    evaluate: evaluator.evaluate,
    emit: abilities.phone.emit,
    async update(nextId, change) {
      await reloadLive(packages, service, nextId, change);
      pages.configureAll();
    },
    ...createScreenChanges({ phone: abilities.phone, service, form, pages }),
    share(text) {
      if (pages.top) emitOn(service, 'page', pages.top.id, 'shareAppMessage', { from: 'menu' });
      screen.notice(text);
    },
    back: pages.back,
    navigate: pages.restart,
    hide: presence.hide,
    show: presence.show,
    interruptAudio: (begins) => abilities.phone.emit(`AudioInterruption${begins ? 'Begin' : 'End'}`, {}),
    viewFrame: pages.frameOf,
    close() {
      closed = true;
      for (const end of ends) end();
      element.replaceChildren();
    },
  };
}
