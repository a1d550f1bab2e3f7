import type {
  AppShowOptions,
  Device,
  InvokeMap,
  NetworkEntry,
  PackageManifest,
  RuntimeMode,
  ServiceBoot,
  ServiceBundle,
  StackPageInfo,
  StyleBundle,
  TraceEntry,
  ViewConfig,
} from '@sparrow/protocol';
import { BRIDGE_VERSION } from '@sparrow/protocol';
import { type Channel, emitOn, encodePath, receive } from '@sparrow/runtime/bridge';
import {
  createDeviceHandlers,
  createDispatcher,
  createMediaHandlers,
  createNetworkHandlers,
  createProgramFiles,
  createSettingsHandlers,
  createStorage,
  NativeFailure,
  type NativeHandlers,
  openUserFiles,
  RelayClient,
} from '@sparrow/runtime/native';
import { createNavigationBar, createTabBar, type TabBar } from './bars.ts';
import { watchDevice } from './device-watch.ts';
import { menuButton, NAV_BAR_HEIGHT, systemInfo, TAB_BAR_HEIGHT } from './devices.ts';
import { createDialogs } from './dialogs.ts';
import { h } from './dom.ts';
import { createEvaluator, watchLogic } from './evaluator.ts';
import { createFaults, type Fault } from './faults.ts';
import { openLogicLayer, prepareView, type ViewSlot } from './frames.ts';
import { createPhoneMeters } from './meter.ts';
import { watchedNetwork } from './network-watch.ts';
import { configsOf, fetchJson, fetchManifest, packageOf, prefix, rootsFor, stylesFor } from './package-files.ts';
import { createPageHandlers, type DressedPage } from './page-handlers.ts';
import { PageStack, parseUrl, type StackPage, tabBarOf, windowOf } from './page-stack.ts';
import { createPickerDialog } from './picker-dialog.ts';
import { type SilenceCode, watchSilences } from './silences.ts';
import type { PhoneTexts } from './texts.ts';
import { seenMessage, type Trace, traced } from './trace.ts';

export interface PhoneOptions {
  /** The element that is the phone's screen. */
  screen: HTMLElement;
  device: Device;
  landscape: boolean;
  theme: 'light' | 'dark';
  language: string;
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
  onLog(entry: InvokeMap['log'][0]): void;
  onNetwork(entry: NetworkEntry): void;
  onProblem(problem: InvokeMap['problem'][0]): void;
  /** What the program reported with wx.reportEvent and its kin. */
  onReport(entry: InvokeMap['report'][0]): void;
  /** Something broke in the program; it follows `onProblem` once its place is known. */
  onFault(fault: Fault): void;
  onPageReady(pageId: number, path: string, error?: string): void;
  /** A script does not come to an end (`LOGIC_STUCK`), or a frame does not start (`START_FAILED`). */
  onSilent(code: SilenceCode, seconds: number): void;
  /** It has answered after all. */
  onAnswer(code: SilenceCode): void;
  /** The page stack or the app's parameters changed (for the console's status line). */
  onRoute(pages: StackPageInfo[]): void;
}

interface PhonePage extends StackPage, DressedPage {
  section: HTMLElement;
  frame: HTMLElement;
  view: { channel: Channel; close(): void };
}

/** One running mini program on one phone. */
export interface Phone {
  readonly manifest: PackageManifest;
  pages(): readonly StackPage[];
  /** Runs `(function)(env, ...args)` in the logic layer. */
  evaluate(source: string, args: unknown[]): Promise<unknown>;
  /** A newer package: styles, templates and scripts are exchanged under the living pages. */
  update(packageId: string, change: 'styles' | 'templates' | 'scripts'): Promise<void>;
  setTheme(theme: 'light' | 'dark'): void;
  /** The screen has got another size, in CSS pixels. */
  resize(width: number, height: number): void;
  /** Asks the page that is shown what it shares, and says that it was done. */
  share(done: string): void;
  back(): void;
  navigate(url: string): void;
  hide(): void;
  show(): void;
  /** The iframe of a page's view. */
  viewFrame(pageId: number): HTMLIFrameElement | null;
  close(): void;
}

/** Longer texts are cut, in characters. */
const MAX_LOG_TEXT = 10_000;

/** The next page's frame is loaded this long after a page became ready, in milliseconds. */
const AHEAD_MS = 200;

export async function startPhone(options: PhoneOptions): Promise<Phone> {
  const done = {} as Record<string, never>;
  const { screen, base, token, user } = options;
  // What does not depend on the package starts before it is asked for.
  const silences = watchSilences(options);
  const frames = {
    late: (seconds: number) => silences.begin('START_FAILED', seconds),
    came: () => silences.end('START_FAILED'),
  };
  const opening = openLogicLayer(options.mode, base, screen, frames);
  opening.catch(() => {});
  const makeSlot = (): { section: HTMLElement; slot: ViewSlot } => {
    const frame = h('div.page-frame');
    const section = h('section.page.page-spare', {}, frame);
    screen.append(section);
    return { section, slot: prepareView(options.mode, base, frame, frames) };
  };
  let spare: ReturnType<typeof makeSlot> | undefined = makeSlot();
  let manifest = await fetchManifest(`${base}/package`, token);
  let packageId = manifest.id;
  let packageBase = `${base}/package/${packageId}`;
  let theme = options.theme;
  const { path: startPath, query: startQuery } = parseUrl(options.startPath ?? manifest.app.entryPagePath);
  const launch: AppShowOptions = { path: startPath, query: startQuery, scene: options.scene, referrerInfo: {} };
  const startPackage = packageOf(manifest, startPath);
  // An independent subpackage starts without the main package.
  const firstRoot = startPackage?.independent ? startPackage.root : '';

  const styles = new Map<string, StyleBundle>();
  const loadStyles = async (root: string): Promise<StyleBundle> => {
    const known = styles.get(root);
    if (known) return known;
    const bundle = await fetchJson<StyleBundle>(`${packageBase}/${encodePath(prefix(root))}styles.json`);
    styles.set(root, bundle);
    return bundle;
  };
  const loadService = (root: string): Promise<ServiceBundle> =>
    fetchJson<ServiceBundle>(`${packageBase}/${encodePath(prefix(root))}service.json`);

  const relay = new RelayClient({ base: `${base}/relay`, token, user });
  const fileBase = new URL(`${base}/files`, location.href).href;
  const [storage, userFiles, logic, bundle] = await Promise.all([
    createStorage(manifest.appid, user),
    openUserFiles(relay, fileBase),
    opening,
    loadService(firstRoot),
    loadStyles(''),
    loadStyles(firstRoot),
  ]);
  const stored = await storage.all();
  const meters = createPhoneMeters(options);
  /** A page costs a frame: a program that changes it faster than anybody can see is refused. */
  const routed = (change: () => void): typeof done => {
    if (!meters.route.take()) throw new NativeFailure('too many route calls');
    change();
    return done;
  };
  const { trace: tell } = options;
  const trace: Trace | undefined =
    tell && ((message) => tell({ ...message, page: stack.byId(message.pageId)?.path ?? '' }));
  const tapped = (channel: Channel, pageId: number): Channel =>
    trace ? traced(channel, trace, pageId, meters.trace) : channel;
  const service = tapped(logic.channel, 0);
  const pickerDialog = createPickerDialog(screen, options.texts);
  const assetBase = (): string => new URL(`${packageBase}/files`, location.href).href;
  const files = createProgramFiles({
    relay,
    bases: () => ({ assetBase: assetBase(), fileBase, userBase: userFiles.base }),
    settled: userFiles.settled,
  });

  const dialogs = createDialogs(screen, options.texts, files.show);

  const screenSize = (): { width: number; height: number } =>
    options.landscape
      ? { width: options.device.height, height: options.device.width }
      : { width: options.device.width, height: options.device.height };
  const barHeight = (): number => options.device.statusBar + NAV_BAR_HEIGHT;
  const tabHeight = (): number => TAB_BAR_HEIGHT + options.device.safeBottom;
  const pageHeight = (window: { navigationStyle: string }, tab: number): number =>
    screenSize().height -
    (window.navigationStyle === 'custom' ? 0 : barHeight()) -
    (tab >= 0 && tabBar && !tabBar.hidden && !manifest.app.tabBar?.custom ? tabHeight() : 0);
  const system = (page?: StackPage) => {
    const window = page?.window ?? windowOf(manifest, startPath, theme);
    const tab = page?.tab ?? manifest.app.tabBar?.list.findIndex((item) => item.pagePath === startPath) ?? -1;
    return systemInfo(
      options.device,
      screenSize(),
      { height: pageHeight(window, tab) },
      { theme, language: options.language },
    );
  };

  const tabConfig = tabBarOf(manifest.app, theme);
  const tabBar: TabBar | undefined = tabConfig
    ? createTabBar({
        config: tabConfig,
        show: files.show,
        onTap(index) {
          const item = tabConfig.list[index];
          const { top } = stack;
          if (!item) return;
          if (top?.tab === index)
            emitOn(service, 'page', top.id, 'tabItemTap', { index, text: item.text, pagePath: item.pagePath });
          else stack.switchTab(item.pagePath, { index, text: item.text });
        },
      })
    : undefined;
  if (tabBar) {
    tabBar.element.style.height = `${tabHeight()}px`;
    tabBar.element.style.paddingBottom = `${options.device.safeBottom}px`;
  }

  const viewConfig = (page: PhonePage): ViewConfig => ({
    theme,
    backgroundColor: page.background ?? page.window.backgroundColor,
    backgroundTextStyle: page.textStyle ?? page.window.backgroundTextStyle,
    enablePullDownRefresh: page.window.enablePullDownRefresh,
    disableScroll: page.window.disableScroll,
    onReachBottomDistance: page.window.onReachBottomDistance,
    reportScroll: false,
  });

  let closed = false;
  const dispatcherBox: { current?: ReturnType<typeof createDispatcher> } = {};

  const stack = new PageStack<PhonePage>({
    manifest: () => manifest,
    theme: () => theme,
    open(info, openType) {
      const canGoBack = openType === 'navigateTo' || (openType === 'redirectTo' && stack.pages.length > 1);
      const isHome = info.path === manifest.app.entryPagePath || info.tab >= 0;
      const bar = createNavigationBar({
        window: info.window,
        canGoBack,
        canGoHome: !canGoBack && !isHome,
        onBack: () => stack.navigateBack(1),
        onHome: () => stack.reLaunch(manifest.app.entryPagePath),
        onTop: () => stack.top && emitOn(stack.top.view.channel, 'viewCommand', { type: 'backToTop' }),
      });
      bar.element.style.paddingTop = `${options.device.statusBar}px`;
      bar.element.style.height = `${NAV_BAR_HEIGHT}px`;
      const { section, slot } = spare ?? makeSlot();
      spare = undefined;
      const frame = slot.holder;
      if (!bar.custom) section.prepend(bar.element);
      section.classList.remove('page-spare');
      section.dataset.path = info.path;
      section.dataset.page = String(info.id);
      if (openType === 'navigateTo') section.classList.add('page-enter');
      const view = logic.openView(info.id, slot);
      const channel = tapped(view.channel, info.id);
      const page: PhonePage = { ...info, section, frame, bar, view: { channel, close: view.close } };
      receive(channel, {
        invoke: (name, id, params) => dispatcherBox.current?.dispatch(channel, info.id, name, id, params),
      });
      void bootView(page);
      return page;
    },
    close(page, openType) {
      page.view.close();
      if (openType === 'navigateBack') {
        page.section.classList.add('page-leave');
        setTimeout(() => page.section.remove(), 200);
      } else page.section.remove();
    },
    show(page) {
      // What asks about a page goes with it.
      dialogs.dismiss();
      pickerDialog.dismiss();
      for (const other of stack.all())
        other.section.classList.toggle('page-hidden', other !== page && other.tab >= 0 && page.tab >= 0);
      if (tabBar && page.tab >= 0 && !manifest.app.tabBar?.custom) {
        tabBar.select(page.tab);
        if (!tabBar.hidden) page.section.append(tabBar.element);
      }
      const { offsetTop, offsetHeight } = page.frame;
      logic.showView(page.id, { top: offsetTop, height: offsetHeight });
      showFront(page.bar.front);
      queueMicrotask(() => options.onRoute(stack.pages.map(({ id, path, query }) => ({ id, path, query }))));
    },
    announce: (change) => emitOn(service, 'route', change),
  });

  async function bootView(page: PhonePage): Promise<void> {
    const bundles = await Promise.all(rootsFor(manifest, page.path).map(loadStyles));
    const all: StyleBundle = Object.assign({}, ...bundles);
    emitOn(page.view.channel, 'viewBoot', {
      version: BRIDGE_VERSION,
      pageId: page.id,
      path: page.path,
      mode: options.mode,
      styles: stylesFor(manifest, all, page.path),
      assetBase: assetBase(),
      fileBase,
      userBase: userFiles.base,
      safeArea: {
        top: page.bar.custom ? options.device.statusBar : 0,
        bottom: page.tab >= 0 && !manifest.app.tabBar?.custom ? 0 : options.device.safeBottom,
      },
      styleVersion: manifest.app.raw.style === 'v2' ? 2 : 1,
      config: viewConfig(page),
    });
  }

  const onPage = (id: number): PhonePage => {
    const page = stack.byId(id);
    if (!page) throw new NativeFailure('the page is closed');
    return page;
  };
  /** Status bar and capsule have the colour of the title. */
  const showFront = (color: string): void => {
    const device = screen.parentElement;
    device?.style.setProperty('--front', color);
    if (device) device.dataset.front = /^#0|^black|^rgb\(0/.test(color) ? 'black' : 'white';
  };
  const evaluator = createEvaluator(service);
  const faults = createFaults({
    locate: ({ problem, ...question }) =>
      relay.call('locate', { packageId, ...question, ...(problem && { problem: { ...problem, user } }) }),
    diagnostics: () => manifest.diagnostics,
    pageOf: (pageId) => stack.byId(pageId)?.path ?? '',
    onLog: options.onLog,
    onFault: (fault) => closed || options.onFault(fault),
  });
  const network = watchedNetwork(createNetworkHandlers(relay, files), options.onNetwork);

  const handlers: NativeHandlers = {
    ...network,
    ...createDeviceHandlers(dialogs),
    ...createMediaHandlers(relay, files, dialogs),
    ...createSettingsHandlers(dialogs),
    ...userFiles.handlers,
    navigateTo: ({ url, cause }) => routed(() => stack.navigateTo(url, cause)),
    redirectTo: ({ url }) => routed(() => stack.redirectTo(url)),
    navigateBack: ({ delta }) => {
      if (!stack.navigateBack(delta)) throw new NativeFailure('cannot navigate back at first page');
      return done;
    },
    switchTab: ({ url }) => routed(() => stack.switchTab(url)),
    reLaunch: ({ url }) => routed(() => stack.reLaunch(url)),
    pageReady: ({ pageId, error }) => {
      const page = stack.byId(pageId);
      page?.section.classList.add('page-ready');
      if (page) options.onPageReady(pageId, page.path, error);
      if (options.ahead) setTimeout(() => closed || (spare ??= makeSlot()), AHEAD_MS);
      return done;
    },
    async loadSubpackage({ root }) {
      if (!manifest.packages.some((entry) => entry.root === root)) throw new NativeFailure('no such subpackage');
      await loadStyles(root);
      return { bundle: await loadService(root) };
    },
    // The phone has nothing else to show: a curtain says so, and the way back in is the one from the recent apps.
    exitMiniProgram: () => {
      if (screen.querySelector('.exited')) return done;
      emitOn(service, 'appHide');
      const back = h(
        'button',
        { onclick: () => (curtain.remove(), emitOn(service, 'appShow', launch)) },
        options.texts.openAgain,
      );
      const curtain = h('div.exited', {}, h('p', {}, options.texts.exited), back);
      screen.append(curtain);
      return done;
    },
    abort: ({ id }) => {
      dispatcherBox.current?.abort(service, id);
      return done;
    },
    login: () => relay.call('login', {}),
    checkSession: async () => {
      const { valid } = await relay.call<{ valid: boolean }>('check-session', {});
      if (!valid) throw new NativeFailure('session expired');
      return done;
    },
    getUserInfo: ({ withCredentials, lang }) => relay.call('user-info', { withCredentials, lang }),
    setStorage: async ({ key, value }) => {
      await storage.set(key, value);
      return done;
    },
    removeStorage: async ({ key }) => {
      await storage.remove(key);
      return done;
    },
    clearStorage: async () => {
      await storage.clear();
      return done;
    },
    showToast: (params) => {
      dialogs.showToast(params);
      return done;
    },
    hideToast: () => {
      dialogs.hideToast();
      return done;
    },
    showLoading: (params) => {
      dialogs.showLoading(params);
      return done;
    },
    hideLoading: () => {
      dialogs.hideLoading();
      return done;
    },
    showModal: dialogs.showModal,
    showActionSheet: dialogs.showActionSheet,
    showPicker: (params, call) => pickerDialog.open(params, call),
    ...createPageHandlers({ onPage, viewConfig, showFront }),
    tabBar: (command) => {
      if (!tabBar) throw new NativeFailure('not TabBar page');
      const { top } = stack;
      if (!top || top.tab < 0) throw new NativeFailure('not TabBar page');
      const wrong = tabBar.command(command);
      if (wrong) throw new NativeFailure(wrong);
      if (tabBar.hidden) tabBar.element.remove();
      else top.section.append(tabBar.element);
      return done;
    },
    getSystemInfo: () => ({
      system: system(stack.top),
      menuButton: menuButton(options.device, screenSize().width),
      launch,
    }),
    previewImage: ({ current, urls }) => {
      dialogs.previewImage(urls.map(String), Math.max(0, urls.indexOf(current)));
      return done;
    },
    log(given) {
      if (meters.log.take()) faults.log({ ...given, text: given.text.slice(0, MAX_LOG_TEXT) });
      return done;
    },
    problem: (given) => {
      if (!meters.problem.take()) return done;
      const problem = { ...given, message: given.message.slice(0, MAX_LOG_TEXT) };
      options.onProblem(problem);
      faults.problem(problem);
      return done;
    },
    trace: ({ messages }) => {
      for (const given of messages) {
        const message = seenMessage(given);
        if (message && meters.trace.take()) trace?.(message);
      }
      return done;
    },
    report: (entry) => {
      options.onReport(entry);
      return done;
    },
    debugResult: (result) => {
      evaluator.settle(result);
      return done;
    },
  };
  const dispatcher = createDispatcher(handlers);
  dispatcherBox.current = dispatcher;
  receive(service, { invoke: (name, id, params) => dispatcher.dispatch(service, 0, name, id, params) });

  const boot: ServiceBoot = {
    version: BRIDGE_VERSION,
    mode: options.mode,
    manifest,
    bundle,
    launch,
    system: system(),
    menuButton: menuButton(options.device, screenSize().width),
    storage: stored,
    userFiles: userFiles.files,
    debug: options.debug,
    trace: options.trace !== undefined,
  };
  const stopWatch = watchLogic(evaluator.evaluate, {
    stuck: (seconds) => silences.begin('LOGIC_STUCK', seconds),
    alive: () => silences.end('LOGIC_STUCK'),
  });

  emitOn(service, 'boot', boot);
  const stopWatching = watchDevice((event, data) => emitOn(service, 'native', event, data));
  stack.launch(options.startPath ?? manifest.app.entryPagePath);

  return {
    get manifest() {
      return manifest;
    },
    pages: () => stack.pages,
    evaluate: evaluator.evaluate,
    async update(nextId, change) {
      packageId = nextId;
      packageBase = `${base}/package/${packageId}`;
      const next = await fetchJson<PackageManifest>(`${packageBase}/manifest.json`);
      // Other components or settings of a page cannot be exchanged under it.
      if (JSON.stringify(configsOf(manifest)) !== JSON.stringify(configsOf(next)))
        throw new Error('the pages are set up anew');
      manifest = next;
      const roots = [...styles.keys()];
      styles.clear();
      const fresh = Object.assign({}, ...(await Promise.all(roots.map(loadStyles)))) as StyleBundle;
      const bundles: Record<string, ServiceBundle> = {};
      if (change !== 'styles') for (const root of roots) bundles[root] = await loadService(root);
      emitOn(service, 'reload', {
        manifest,
        bundles,
        change,
        styles: Object.entries(fresh).map(([path, css]) => ({ path, css })),
      });
      for (const page of stack.all()) emitOn(page.view.channel, 'viewConfig', viewConfig(page));
    },
    setTheme(next) {
      theme = next;
      const tabs = tabBarOf(manifest.app, theme);
      if (tabs) tabBar?.dress(tabs);
      for (const page of stack.all()) {
        page.window = windowOf(manifest, page.path, theme);
        page.bar.dress(page.window);
      }
      if (stack.top) showFront(stack.top.bar.front);
      emitOn(service, 'native', 'systemChange', system(stack.top));
      for (const page of stack.all()) emitOn(page.view.channel, 'viewConfig', viewConfig(page));
      emitOn(service, 'native', 'ThemeChange', { theme });
    },
    resize(width, height) {
      // The sides are those of the screen as it is held now.
      options.device = { ...options.device, width, height };
      options.landscape = false;
      screen.style.width = `${width}px`;
      screen.style.height = `${height}px`;
      const { top } = stack;
      if (top) logic.showView(top.id, { top: top.frame.offsetTop, height: top.frame.offsetHeight });
      const info = system(top);
      const { windowWidth, windowHeight, screenWidth, screenHeight, deviceOrientation } = info;
      const size = { windowWidth, windowHeight, screenWidth, screenHeight };
      emitOn(service, 'native', 'systemChange', info);
      emitOn(service, 'native', 'WindowResize', { size });
      if (top) emitOn(service, 'page', top.id, 'resize', { size, deviceOrientation });
    },
    share(text) {
      if (stack.top) emitOn(service, 'page', stack.top.id, 'shareAppMessage', { from: 'menu' });
      dialogs.notice(text);
    },
    back: () => void stack.navigateBack(1),
    navigate: (url) => stack.reLaunch(url),
    hide: () => emitOn(service, 'appHide'),
    show: () => emitOn(service, 'appShow', launch),
    viewFrame: (pageId) =>
      stack.byId(pageId)?.frame.querySelector('iframe') ?? screen.querySelector<HTMLIFrameElement>('.sparrow-single'),
    close() {
      closed = true;
      stopWatch();
      stopWatching();
      dispatcher.close();
      network.closeAll();
      files.close();
      for (const page of stack.all()) page.view.close();
      logic.close();
      storage.close();
      screen.replaceChildren();
    },
  };
}
