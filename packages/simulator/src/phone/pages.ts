import type { RuntimeMode, StackPageInfo, ViewConfig } from '@sparrow/protocol';
import { BRIDGE_VERSION } from '@sparrow/protocol';
import { type Channel, emitOn, receive } from '@sparrow/runtime/bridge';
import { type HostPage, NativeFailure, type Pages, type TabBar } from '@sparrow/runtime/native';
import { createNavigationBar, createTabBar, type PhoneNavigationBar, type PhoneTabBar } from './bars.ts';
import { NAV_BAR_HEIGHT } from './devices.ts';
import type { Form } from './form.ts';
import type { LogicLayer } from './frames.ts';
import type { Meter } from './meter.ts';
import type { Packages } from './packages.ts';
import { PageStack, type StackPage, tabBarOf, windowOf } from './page-stack.ts';
import type { Slots } from './slots.ts';

/** The next page's frame is loaded this long after a page became ready, in milliseconds. */
const AHEAD_MS = 200;
/** A page that goes slides out for so long, in milliseconds. */
const LEAVE_MS = 200;

export interface PagesOptions {
  mode: RuntimeMode;
  screen: HTMLElement;
  form: Form;
  packages: Packages;
  slots: Slots;
  logic: LogicLayer;
  /** To the logic layer. */
  service: Channel;
  /** Page that the program starts with. */
  startPath: string;
  /** Where views find temporary files, and those of the user folder. */
  bases: { fileBase: string; userBase: string };
  /** Load the frame of the next page ahead. */
  ahead: boolean;
  /** A page costs a frame: a program that changes it faster than anybody can see is refused. */
  meter: Meter;
  tapped(channel: Channel, pageId: number): Channel;
  invoked(channel: Channel, pageId: number, name: string, id: number, params: unknown): void;
  showFile(image: HTMLImageElement, path: string): void;
  /** Another page is shown: what asks about the one before goes. */
  onShow(): void;
  onRoute(pages: StackPageInfo[]): void;
  onReady(pageId: number, path: string, error?: string): void;
}

interface PhonePage extends StackPage, HostPage {
  section: HTMLElement;
  frame: HTMLElement;
  bar: PhoneNavigationBar;
  view: { channel: Channel; close(): void };
  look: Parameters<HostPage['dress']>[0];
}

/** The pages of one phone, each with its bar and the frame of its view. */
export interface PhonePages extends Pages {
  readonly top: PhonePage | undefined;
  readonly stack: readonly PhonePage[];
  launch(url: string): void;
  /** One page back, if there is one. */
  back(): void;
  /** Closes all and opens this one: the user, not the program, wants it. */
  restart(url: string): void;
  pathOf(id: number): string;
  /** What the program is told of the phone while the page on top is shown. */
  system(): ReturnType<Form['system']>;
  /** The theme has changed. */
  dressAll(): void;
  /** Settings of the views have changed. */
  configureAll(): void;
  /** The screen has got another size. */
  place(): void;
  frameOf(id: number): HTMLIFrameElement | null;
  close(): void;
}

export function createPages(options: PagesOptions): PhonePages {
  const { form, packages, screen, logic, service } = options;
  let closed = false;
  const isCustomTabs = (): boolean => packages.manifest.app.tabBar?.custom === true;
  const tabBar = createTabs(options, (index, item) => {
    const { top } = stack;
    if (top?.tab === index)
      emitOn(service, 'page', top.id, 'tabItemTap', { index, text: item.text, pagePath: item.pagePath });
    else stack.switchTab(item.pagePath, { index, text: item.text });
  });

  const viewConfig = ({ look, window }: PhonePage): ViewConfig => ({
    theme: form.theme,
    backgroundColor: look.backgroundColor ?? window.backgroundColor,
    backgroundTextStyle: look.backgroundTextStyle ?? window.backgroundTextStyle,
    enablePullDownRefresh: window.enablePullDownRefresh,
    disableScroll: window.disableScroll,
    onReachBottomDistance: window.onReachBottomDistance,
    reportScroll: false,
  });
  const configure = (page: PhonePage): void => emitOn(page.view.channel, 'viewConfig', viewConfig(page));
  const place = (page: PhonePage): void =>
    logic.showView(page.id, { top: page.frame.offsetTop, height: page.frame.offsetHeight });

  /** Status bar and capsule have the colour of the title. */
  function showFront(color: string): void {
    const device = screen.parentElement;
    device?.style.setProperty('--front', color);
    if (device) device.dataset.front = /^#0|^black|^rgb\(0/.test(color) ? 'black' : 'white';
  }

  function createBar(info: StackPage, canGoBack: boolean): PhoneNavigationBar {
    const { entryPagePath } = packages.manifest.app;
    const isHome = info.path === entryPagePath || info.tab >= 0;
    const bar = createNavigationBar({
      window: info.window,
      canGoBack,
      canGoHome: !canGoBack && !isHome,
      onBack: () => stack.navigateBack(1),
      onHome: () => stack.reLaunch(entryPagePath),
      onTop: () => stack.top?.command({ type: 'backToTop' }),
      onColor: showFront,
    });
    bar.element.style.paddingTop = `${form.statusBar}px`;
    bar.element.style.height = `${NAV_BAR_HEIGHT}px`;
    return bar;
  }

  async function bootView(page: PhonePage): Promise<void> {
    const { manifest } = packages;
    const isOverTabs = page.tab >= 0 && !isCustomTabs();
    emitOn(page.view.channel, 'viewBoot', {
      version: BRIDGE_VERSION,
      pageId: page.id,
      path: page.path,
      mode: options.mode,
      styles: await packages.stylesOf(page.path),
      assetBase: packages.assetBase(),
      ...options.bases,
      safeArea: { top: page.bar.custom ? form.statusBar : 0, bottom: isOverTabs ? 0 : form.safeBottom },
      styleVersion: manifest.app.raw.style === 'v2' ? 2 : 1,
      config: viewConfig(page),
    });
  }

  const stack = new PageStack<PhonePage>({
    manifest: () => packages.manifest,
    theme: () => form.theme,
    open(info, openType) {
      const canGoBack = openType === 'navigateTo' || (openType === 'redirectTo' && stack.pages.length > 1);
      const bar = createBar(info, canGoBack);
      const { section, slot } = options.slots.take();
      if (!bar.custom) section.prepend(bar.element);
      section.classList.remove('page-spare');
      section.dataset.path = info.path;
      section.dataset.page = String(info.id);
      if (openType === 'navigateTo') section.classList.add('page-enter');
      const view = logic.openView(info.id, slot);
      const channel = options.tapped(view.channel, info.id);
      const page: PhonePage = {
        ...info,
        section,
        frame: slot.holder,
        bar,
        view: { channel, close: view.close },
        look: {},
        command: (command) => emitOn(channel, 'viewCommand', command),
        dress({ backgroundColor, backgroundTextStyle }) {
          if (backgroundColor) page.look.backgroundColor = backgroundColor;
          if (backgroundTextStyle) page.look.backgroundTextStyle = backgroundTextStyle;
          configure(page);
        },
      };
      receive(channel, {
        invoke: (name, id, params) => options.invoked(channel, info.id, name, id, params),
      });
      void bootView(page);
      return page;
    },
    close(page, openType) {
      page.view.close();
      if (openType === 'navigateBack') {
        page.section.classList.add('page-leave');
        setTimeout(() => page.section.remove(), LEAVE_MS);
      } else page.section.remove();
    },
    show(page) {
      options.onShow();
      for (const other of stack.all())
        other.section.classList.toggle('page-hidden', other !== page && other.tab >= 0 && page.tab >= 0);
      if (tabBar && page.tab >= 0 && !isCustomTabs()) {
        tabBar.select(page.tab);
        if (!tabBar.hidden) page.section.append(tabBar.element);
      }
      place(page);
      showFront(page.bar.front);
      queueMicrotask(() => options.onRoute(stack.pages.map(({ id, path, query }) => ({ id, path, query }))));
    },
    announce: (change) => emitOn(service, 'route', change),
  });

  /** The tab bar, while a page is shown that has one. */
  function shownTabs(): TabBar {
    const { top } = stack;
    if (!tabBar || !top || top.tab < 0) throw new NativeFailure('not TabBar page');
    return {
      ...tabBar,
      setHidden(hidden) {
        tabBar.setHidden(hidden);
        if (hidden) tabBar.element.remove();
        else top.section.append(tabBar.element);
      },
    };
  }
  function routed(change: () => void): void {
    if (!options.meter.take()) throw new NativeFailure('too many route calls');
    change();
  }

  return {
    get top() {
      return stack.top;
    },
    get stack() {
      return stack.pages;
    },
    byId(id) {
      const page = stack.byId(id);
      if (!page) throw new NativeFailure('the page is closed');
      return page;
    },
    navigateTo: (url, cause) => routed(() => stack.navigateTo(url, cause)),
    redirectTo: (url) => routed(() => stack.redirectTo(url)),
    switchTab: (url) => routed(() => stack.switchTab(url)),
    reLaunch: (url) => routed(() => stack.reLaunch(url)),
    navigateBack(delta) {
      if (!stack.navigateBack(delta)) throw new NativeFailure('cannot navigate back at first page');
    },
    tabBar: shownTabs,
    ready(id, error) {
      const page = stack.byId(id);
      page?.section.classList.add('page-ready');
      if (page) options.onReady(id, page.path, error);
      if (options.ahead) setTimeout(() => closed || options.slots.makeReady(), AHEAD_MS);
    },
    launch: (url) => stack.launch(url),
    back: () => void stack.navigateBack(1),
    restart: (url) => stack.reLaunch(url),
    pathOf: (id) => stack.byId(id)?.path ?? '',
    system() {
      const { manifest } = packages;
      const { top } = stack;
      const window = top?.window ?? windowOf(manifest, options.startPath, form.theme);
      const tab =
        top?.tab ?? manifest.app.tabBar?.list.findIndex(({ pagePath }) => pagePath === options.startPath) ?? -1;
      const tabs = tab >= 0 && tabBar !== undefined && !tabBar.hidden && !isCustomTabs();
      return form.system({ navigation: window.navigationStyle !== 'custom', tabs });
    },
    dressAll() {
      const tabs = tabBarOf(packages.manifest.app, form.theme);
      if (tabs) tabBar?.dress(tabs);
      for (const page of stack.all()) {
        page.window = windowOf(packages.manifest, page.path, form.theme);
        page.bar.dress(page.window);
      }
      if (stack.top) showFront(stack.top.bar.front);
    },
    configureAll: () => stack.all().forEach(configure),
    place: () => stack.top && place(stack.top),
    frameOf: (id) =>
      stack.byId(id)?.frame.querySelector('iframe') ?? screen.querySelector<HTMLIFrameElement>('.sparrow-single'),
    close() {
      closed = true;
      for (const page of stack.all()) page.view.close();
    },
  };
}

/** The tab bar of the app, if it has one. */
function createTabs(
  { form, packages, showFile }: PagesOptions,
  onTap: (index: number, item: { text: string; pagePath: string }) => void,
): PhoneTabBar | undefined {
  const config = tabBarOf(packages.manifest.app, form.theme);
  if (!config) return undefined;
  const tabBar = createTabBar({
    config,
    show: showFile,
    onTap(index) {
      const item = config.list[index];
      if (item) onTap(index, item);
    },
  });
  tabBar.element.style.height = `${form.tabBarHeight()}px`;
  tabBar.element.style.paddingBottom = `${form.safeBottom}px`;
  return tabBar;
}
