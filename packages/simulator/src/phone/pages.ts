import type { StackPageInfo } from '@sparrow/protocol';
import { type Channel, emitOn } from '@sparrow/runtime/bridge';
import { NativeFailure, type Pages, type TabBar } from '@sparrow/runtime/native';
import { createNavigationBar, createTabBar, type PhoneNavigationBar, type PhoneTabBar } from './bars.ts';
import { NAV_BAR_HEIGHT } from './devices.ts';
import type { Form } from './form.ts';
import type { Meter } from './meter.ts';
import { PageStack, type StackPage, tabBarOf, windowOf } from './page-stack.ts';
import { createPageViews, type PageViewsOptions, type PhonePage } from './page-views.ts';

/** The next page's frame is loaded this long after a page became ready, in milliseconds. */
const AHEAD_MS = 200;

export interface PagesOptions extends PageViewsOptions {
  screen: HTMLElement;
  /** To the logic layer. */
  service: Channel;
  /** Page that the program starts with. */
  startPath: string;
  /** Load the frame of the next page ahead. */
  ahead: boolean;
  /** A page costs a frame: a program that changes it faster than anybody can see is refused. */
  meter: Meter;
  showFile(image: HTMLImageElement, path: string): void;
  /** Another page is shown: what asks about the one before goes. */
  onShow(): void;
  onRoute(pages: StackPageInfo[]): void;
  onReady(pageId: number, path: string, error?: string): void;
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
  const { form, packages, screen, service } = options;
  const views = createPageViews(options);
  const front = (color: string): void => showFront(screen, color);
  const place = (page: PhonePage): void =>
    options.logic.showView(page.id, { top: page.frame.offsetTop, height: page.frame.offsetHeight });
  let closed = false;

  const stack: PageStack<PhonePage> = new PageStack<PhonePage>({
    manifest: () => packages.manifest,
    theme: () => form.theme,
    open(info, openType) {
      const canGoBack = openType === 'navigateTo' || (openType === 'redirectTo' && stack.pages.length > 1);
      return views.open(info, createBar(options, stack, info, canGoBack, front), openType === 'navigateTo');
    },
    close: (page, openType) => page.close(openType === 'navigateBack'),
    show(page) {
      options.onShow();
      for (const other of stack.all())
        other.section.classList.toggle('page-hidden', other !== page && other.tab >= 0 && page.tab >= 0);
      tabs.show(page);
      place(page);
      front(page.bar.front);
      queueMicrotask(() => options.onRoute(stack.pages.map(({ id, path, query }) => ({ id, path, query }))));
    },
    closeLayer: (page) => page.command({ type: 'closeLayer' }),
    announce: (change) => emitOn(service, 'route', change),
  });
  const tabs = createTabs(options, stack);

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
    tabBar: tabs.bar,
    holdBack: (id, on) => stack.holdBack(id, on),
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
      const { top } = stack;
      const { navigationStyle } = top?.window ?? windowOf(packages.manifest, options.startPath, form.theme);
      return form.system({
        navigation: navigationStyle !== 'custom',
        tabs: tabs.isUnder(top?.path ?? options.startPath),
      });
    },
    dressAll() {
      tabs.dress();
      for (const page of stack.all()) {
        page.window = windowOf(packages.manifest, page.path, form.theme);
        page.bar.dress(page.window);
      }
      if (stack.top) front(stack.top.bar.front);
    },
    configureAll: () => stack.all().forEach((page) => page.configure()),
    place: () => stack.top && place(stack.top),
    frameOf: (id) =>
      stack.byId(id)?.frame.querySelector('iframe') ?? screen.querySelector<HTMLIFrameElement>('.sparrow-single'),
    close() {
      closed = true;
      for (const page of stack.all()) page.close(false);
    },
  };
}

/** Status bar and capsule have the colour of the title. */
function showFront(screen: HTMLElement, color: string): void {
  const device = screen.parentElement;
  device?.style.setProperty('--front', color);
  if (device) device.dataset.front = /^#0|^black|^rgb\(0/.test(color) ? 'black' : 'white';
}

function createBar(
  { form, packages }: PagesOptions,
  stack: PageStack<PhonePage>,
  info: StackPage,
  canGoBack: boolean,
  onColor: (front: string) => void,
): PhoneNavigationBar {
  const { entryPagePath } = packages.manifest.app;
  const isHome = info.path === entryPagePath || info.tab >= 0;
  const bar = createNavigationBar({
    window: info.window,
    canGoBack,
    canGoHome: !canGoBack && !isHome,
    onBack: () => stack.navigateBack(1),
    onHome: () => stack.reLaunch(entryPagePath),
    onTop: () => stack.top?.command({ type: 'backToTop' }),
    onColor,
  });
  bar.element.style.paddingTop = `${form.statusBar}px`;
  bar.element.style.height = `${NAV_BAR_HEIGHT}px`;
  return bar;
}

/** The tab bar of the app, if it has one, under the pages that are its tabs. */
interface Tabs {
  /** The bar under the page that is shown. @throws NativeFailure when there is none */
  bar(): TabBar;
  /** Moves it under this page, if it is a tab. */
  show(page: PhonePage): void;
  /** Whether a page of this path has the bar that the phone draws. */
  isUnder(path: string): boolean;
  /** The theme has changed. */
  dress(): void;
}

function createTabs({ form, packages, service, showFile }: PagesOptions, stack: PageStack<PhonePage>): Tabs {
  const themed = () => tabBarOf(packages.manifest.app, form.theme);
  const config = themed();
  let bar: PhoneTabBar | undefined;
  if (config) {
    const onTap = (index: number): void => {
      const item = config.list[index];
      if (!item) return;
      const { text, pagePath } = item;
      if (stack.top?.tab === index) emitOn(service, 'page', stack.top.id, 'tabItemTap', { index, text, pagePath });
      else stack.switchTab(pagePath, { index, text });
    };
    bar = createTabBar({ config, show: showFile, onTap });
    bar.element.style.height = `${form.tabBarHeight()}px`;
    bar.element.style.paddingBottom = `${form.safeBottom}px`;
  }
  /** The program draws its own. */
  const isCustom = (): boolean => packages.manifest.app.tabBar?.custom === true;

  return {
    bar() {
      const { top } = stack;
      if (!bar || !top || top.tab < 0) throw new NativeFailure('not TabBar page');
      const shown = bar;
      return {
        ...shown,
        setHidden(hidden) {
          shown.setHidden(hidden);
          if (hidden) shown.element.remove();
          else top.section.append(shown.element);
        },
      };
    },
    show(page) {
      if (!bar || page.tab < 0 || isCustom()) return;
      bar.select(page.tab);
      if (!bar.hidden) page.section.append(bar.element);
    },
    isUnder: (path) =>
      bar !== undefined &&
      !bar.hidden &&
      !isCustom() &&
      (packages.manifest.app.tabBar?.list.some(({ pagePath }) => pagePath === path) ?? false),
    dress() {
      const next = themed();
      if (next) bar?.dress(next);
    },
  };
}
