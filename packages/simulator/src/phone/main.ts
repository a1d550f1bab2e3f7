import {
  DEVICES,
  type DevEvent,
  type Device,
  type Diagnostic,
  type PackageManifest,
  type RuntimeMode,
} from '@sparrow/protocol';
import { createSurroundings, h } from '@sparrow/runtime/native';
import { createComeback } from './comeback.ts';
import { createDevLink } from './dev-link.ts';
import { createFaultSheet } from './fault-sheet.ts';
import { createHandle } from './handle.ts';
import { openLaunchScreen, openMenu } from './menu.ts';
import { createNetworkMeter, keep } from './meter.ts';
import { createOverlay } from './overlay.ts';
import { urlOf } from './page-stack.ts';
import { startPhone } from './phone.ts';
import type { SilenceCode } from './silences.ts';
import { openSurroundings } from './surroundings-panel.ts';
import { phoneTexts } from './texts.ts';

/** What the address says: `/simulator/phone.html#token=…&user=…&page=…`. */
interface Settings {
  token: string;
  user: string;
  mode: RuntimeMode;
  device: Device;
  landscape: boolean;
  theme: 'light' | 'dark';
  language: string;
  page: string | undefined;
  scene: number;
  /** Fill the window: on a real phone, or in a screenshot. */
  full: boolean;
  /** Load the frame of the next page ahead; `check` and tests look at one page and do not. */
  ahead: boolean;
  /** Numbers of the compile errors that are shown; all when undefined. `check` shows those of the page it looks at. */
  findings: ReadonlySet<string> | undefined;
  /** The console around the phone reads the bridge along. */
  trace: boolean;
  /** What is shown over the phone: all errors, those of the compiler, or, where the program's users look on, none. */
  errors: 'all' | 'compile' | 'none';
}

/** Signal, Wi-Fi and battery. */
/** Drawn, since fonts place such signs as they like. */
const MENU_ICON =
  '<svg width="20" height="8" viewBox="0 0 20 8" fill="currentColor"><circle cx="3" cy="4" r="2"/><circle cx="10" cy="4" r="3"/><circle cx="17" cy="4" r="2"/></svg>';
const CLOSE_ICON =
  '<svg width="18" height="18" viewBox="0 0 18 18" fill="currentColor"><circle cx="9" cy="9" r="7.500" fill="none" stroke="currentColor" stroke-width="2"/><circle cx="9" cy="9" r="3"/></svg>';
const STATUS_ICONS = `<svg width="64" height="14" viewBox="0 0 64 14" fill="currentColor"><path d="M0 9h3v4H0zM4.5 6.5h3V13h-3zM9 4h3v9H9zM13.500 1h3v12h-3z"/>
<path d="M30 13l2.200-2.700a3.400 3.400 0 0 0-4.400 0zM26.400 8.500a5.700 5.700 0 0 1 7.200 0l1.400-1.800a8 8 0 0 0-10 0zM23.500 4.900a10.300 10.300 0 0 1 13 0L38 3.100a12.600 12.600 0 0 0-16 0z"/>
<rect x="42.500" y="1.500" width="17" height="11" rx="3" fill="none" stroke="currentColor" opacity=".5"/><rect x="44" y="3" width="14" height="8" rx="1.500"/><path d="M61 5v4a2 2 0 0 0 0-4z" opacity=".5"/></svg>`;

const ERRORS = ['all', 'compile', 'none'] as const;

function readSettings(): Settings {
  const given = new URLSearchParams(location.hash.slice(1));
  const dark = given.get('theme') ?? (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');
  const full = given.has('full');
  const preset = DEVICES.find((device) => device.id === given.get('device')) ?? (DEVICES[0] as Device);
  return {
    token: given.get('token') ?? '',
    user: given.get('user') || (full ? ownUser() : '小麻雀'),
    mode: given.get('mode') === 'single' ? 'single' : 'dual',
    device: full
      ? {
          ...preset,
          name: 'browser',
          width: innerWidth,
          height: innerHeight,
          statusBar: 0,
          safeBottom: 0,
          pixelRatio: devicePixelRatio,
        }
      : preset,
    landscape: given.get('landscape') === '1',
    theme: dark === 'dark' ? 'dark' : 'light',
    language: given.get('lang') ?? 'zh_CN',
    page: given.get('page') ?? undefined,
    scene: Number(given.get('scene')) || 1001,
    full,
    ahead: given.get('ahead') !== '0',
    trace: given.get('trace') === '1' && window.parent !== window,
    errors: ERRORS.find((kind) => kind === given.get('errors')) ?? 'all',
    findings: given.has('findings') ? new Set(given.get('findings')?.split(',')) : undefined,
  };
}

/** A real phone is a user of its own, the same one every time. */
function ownUser(): string {
  const known = localStorage.getItem('sparrow.user');
  if (known) return known;
  const [number = 0] = crypto.getRandomValues(new Uint16Array(1));
  const name = `手机${String(number % 10_000).padStart(4, '0')}`;
  localStorage.setItem('sparrow.user', name);
  return name;
}

const clock = (): string => {
  const now = new Date();
  return `${now.getHours()}:${String(now.getMinutes()).padStart(2, '0')}`;
};

const settings = readSettings();
const texts = phoneTexts(settings.language);
const surroundings = createSurroundings();
const handle = createHandle(surroundings);
window.sparrow = handle;
/** Starts of the mini program; only the newest counts. */
let runs = 0;
let launch: ReturnType<typeof openLaunchScreen> | undefined;
const overlay = createOverlay(document.body, texts, () => void start());
const faultSheet = createFaultSheet(document.body, texts);
const comeback = createComeback(() => void start());
/** To the console around this frame; alone on a phone there is nobody to hear. */
const tell = (message: object): void => {
  if (window.parent !== window) window.parent.postMessage({ sparrowPhone: settings.user, ...message }, location.origin);
};

function frameOf({ device, landscape, full }: Settings): HTMLElement {
  const screen = h('main.screen');
  const [width, height] = landscape ? [device.height, device.width] : [device.width, device.height];
  screen.style.width = `${width}px`;
  screen.style.height = `${height}px`;
  const status = h(
    'div.status-bar',
    {},
    h('span.clock', {}, clock()),
    h('span.status-icons', { innerHTML: STATUS_ICONS }),
  );
  status.style.height = `${device.statusBar}px`;
  const capsule = h(
    'div.capsule',
    {},
    h('button', { title: texts.menu, ariaLabel: texts.menu, onclick: showMenu, innerHTML: MENU_ICON }),
    h('i'),
    h('button', { title: texts.restart, ariaLabel: texts.restart, onclick: () => void start(), innerHTML: CLOSE_ICON }),
  );
  capsule.style.top = `${device.statusBar + 6}px`;
  const indicator = h('div.home-indicator');
  indicator.hidden = device.safeBottom === 0;
  const holder = h('div.device', {}, screen, device.statusBar > 0 ? status : undefined, capsule, indicator);
  holder.style.width = `${width}px`;
  holder.style.height = `${height}px`;
  if (full) holder.classList.add('device-full');
  document.body.dataset.theme = settings.theme;
  document.body.classList.toggle('alone', window.parent === window && !full);
  document.querySelector('.device')?.remove();
  document.body.append(holder);
  return screen;
}

function showMenu(): void {
  const device = document.querySelector<HTMLElement>('.device');
  if (!device) return;
  const { phone } = handle;
  openMenu(device, texts, {
    ...(phone && { share: () => phone.share(texts.shared) }),
    ...(phone && { surroundings: () => openSurroundings(device, surroundings, phone.emit, settings.language) }),
    restart: () => void start(),
    about: () => [
      ...(phone ? [nameOf(phone.manifest), phone.manifest.appid] : []),
      texts.pair(texts.user, settings.user),
      texts.pair(texts.mode, texts[settings.mode]),
    ],
  });
}

const nameOf = ({ app }: PackageManifest): string => app.window.navigationBarTitleText ?? '';

async function start(): Promise<void> {
  handle.phone?.close();
  handle.phone = undefined;
  tell({ started: true });
  handle.problems.length = 0;
  handle.readyPages.length = 0;
  handle.failure = undefined;
  const run = ++runs;
  const isCurrent = (): boolean => run === runs;
  /** What does not answer. */
  const silent = new Set<SilenceCode>();
  overlay.clear();
  faultSheet.clear();
  comeback.started();
  const consoleHears = createNetworkMeter((count) => {
    const text = `… ${count} requests left out: too many in a second`;
    tell({ log: { time: Date.now(), level: 'warn', text, pageId: 0 } });
  });
  const screen = frameOf(settings);
  launch?.close();
  const opening = openLaunchScreen(screen.parentElement ?? document.body);
  launch = opening;
  try {
    const phone = await startPhone({
      screen,
      device: settings.device,
      landscape: settings.landscape,
      theme: settings.theme,
      language: settings.language,
      surroundings,
      texts,
      mode: settings.mode,
      user: settings.user,
      token: settings.token,
      base: '/simulator',
      ...(settings.page && { startPath: settings.page }),
      scene: settings.scene,
      ahead: settings.ahead,
      debug: true,
      trace: settings.trace ? (entry) => tell({ trace: { ...entry, phone: settings.user } }) : undefined,
      onLog(entry) {
        keep(handle.logs, entry);
        tell({ log: { time: Date.now(), ...entry } });
      },
      onNetwork(network) {
        if (network.error !== undefined) keep(handle.failedRequests, { url: network.url, error: network.error });
        if (consoleHears(network)) tell({ network });
      },
      onProblem(problem) {
        keep(handle.problems, problem);
        tell({ problem });
      },
      onReport: (entry) => keep(handle.reports, entry),
      onPageReady(pageId, path, error) {
        opening.close();
        keep(handle.readyPages, { pageId, path, ...(error !== undefined && { error }) });
      },
      onFault(fault) {
        if (settings.errors === 'all') faultSheet.add(fault);
      },
      onSilent(code, seconds) {
        if (!isCurrent()) return;
        silent.add(code);
        if (settings.errors === 'all')
          overlay.failure(`${texts.silent[code](seconds)}\n\n${texts.fix(texts.silentHints[code])}`);
      },
      onAnswer(code) {
        if (silent.delete(code) && silent.size === 0) overlay.recovered();
        handle.problems.splice(0, Infinity, ...handle.problems.filter((problem) => problem.code !== code));
      },
      onEnded() {
        if (!isCurrent()) return;
        opening.close();
        ended();
      },
      onRoute: (pages) => tell({ pages }),
    });
    // It was started again meanwhile, or has ended already.
    if (!isCurrent() || handle.failure !== undefined) return phone.close();
    handle.phone = phone;
    document.body.dataset.theme = phone.theme;
    opening.name(nameOf(phone.manifest));
    overlay.diagnostics(shownErrors(phone.manifest.diagnostics));
  } catch (error) {
    if (!isCurrent()) return;
    opening.close();
    handle.failure = error instanceof Error ? error.message : String(error);
    overlay.failure(handle.failure);
  }
}

/**
 * Says that the program's process is gone, and starts it again. `check` reports it instead: the page that it looked at
 * is the one to blame.
 */
function ended(): void {
  const { title, why, restarts, waits } = texts.ended;
  const message = 'the browser process of the mini program has ended, most likely out of memory';
  const problem = { kind: 'runtime', code: 'PROCESS_GONE', message, pageId: 0 } as const;
  keep(handle.problems, problem);
  tell({ problem });
  const log = { level: 'error', text: `PROCESS_GONE: ${message}`, pageId: 0 } as const;
  keep(handle.logs, log);
  tell({ log: { time: Date.now(), ...log } });
  handle.failure = message;
  handle.phone?.close();
  handle.phone = undefined;
  if (settings.errors === 'compile') return;
  overlay.failure(`${why}\n\n${comeback.ended() ? restarts : waits}`, title);
}

function shownErrors(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const { findings, errors } = settings;
  if (errors === 'none') return [];
  return diagnostics.filter(({ severity }, number) => severity === 'error' && (findings?.has(String(number)) ?? true));
}

/** Starts anew on the page that is shown. */
function restart(): Promise<void> {
  const top = handle.phone?.pages().at(-1);
  if (top) settings.page = urlOf(top);
  return start();
}

function onDevEvent(event: DevEvent): void {
  tell({ dev: event });
  if (event.type !== 'package') return;
  overlay.diagnostics(shownErrors(event.diagnostics));
  if (event.change === 'none') return;
  faultSheet.clear();
  if (event.change === 'app' || !handle.phone) handle.ready = start();
  else handle.ready = handle.phone.update(event.packageId, event.change).catch(() => restart());
}

window.addEventListener('message', (event) => {
  if (event.origin !== location.origin || event.source !== window.parent) return;
  const { command, value } = (event.data ?? {}) as { command?: string; value?: string };
  if (command === 'back') handle.phone?.back();
  else if (command === 'theme') {
    settings.theme = value === 'dark' ? 'dark' : 'light';
    handle.phone?.setTheme(settings.theme);
    document.body.dataset.theme = handle.phone?.theme ?? settings.theme;
  } else if (command === 'rotate') rotate(value === 'landscape');
  else if (command === 'zoom') {
    overlay.fit();
    faultSheet.fit();
  } else if (command === 'restart') void start();
  else if (command === 'open' && value) handle.phone?.navigate(value);
});
/** Turns the phone; its pages stay and hear of their new size. */
function rotate(landscape: boolean): void {
  if (settings.landscape === landscape || settings.full) return;
  settings.landscape = landscape;
  const { width, height } = settings.device;
  resizeDevice(...((landscape ? [height, width] : [width, height]) as [number, number]));
}

function resizeDevice(width: number, height: number): void {
  const holder = document.querySelector<HTMLElement>('.device');
  if (holder) Object.assign(holder.style, { width: `${width}px`, height: `${height}px` });
  handle.phone?.resize(width, height);
}

window.addEventListener('resize', () => {
  if (!settings.full) return;
  settings.device = { ...settings.device, width: innerWidth, height: innerHeight };
  resizeDevice(innerWidth, innerHeight);
});
setInterval(() => {
  const shown = document.querySelector('.clock');
  if (shown) shown.textContent = clock();
}, 1_000);
document.addEventListener('visibilitychange', () => (document.hidden ? handle.phone?.hide() : handle.phone?.show()));

createDevLink('/simulator/events', settings.token, onDevEvent);
handle.ready = start();
