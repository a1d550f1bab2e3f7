import type { OnEvents, PackageManifest, RouteChange, StyleUpdate } from '@sparrow/protocol';
import { type Channel, type Invoker, publish, receive, type TreeCodec } from '../bridge/index.ts';
import type { Caller } from './caller.ts';
import { copyPlain } from './definitions.ts';
import { EventChannel } from './event-channel.ts';
import type { Framework, PageRoot } from './framework.ts';
import type { Reporter } from './reporter.ts';
import { TreeBackend } from './tree-backend.ts';
import type { ViewTap } from './view-tap.ts';

/** Natives about the page that components of its view (`page-meta`, `navigation-bar`) call through the logic layer. */
const VIEW_ASKS: ReadonlySet<string> = new Set([
  'setNavigationBarTitle',
  'setNavigationBarColor',
  'showNavigationBarLoading',
  'hideNavigationBarLoading',
  'setBackgroundColor',
  'setBackgroundTextStyle',
  'pageScrollTo',
]);

/** One page of the stack. */
export interface Page {
  readonly id: number;
  readonly path: string;
  readonly query: Record<string, string>;
  readonly caller: Caller;
  readonly root: PageRoot;
  readonly backend: TreeBackend;
  readonly opener: EventChannel;
  readonly channel: Channel;
  /** The tab bar that the program draws itself, one for each tab page. */
  tabBar?: PageRoot;
  shown: boolean;
}

export interface PagesOptions {
  manifest(): PackageManifest;
  framework: Framework;
  invoker: Invoker;
  reporter: Reporter;
  codec: TreeCodec;
  connectView(pageId: number): Channel;
  /** Reads along, when a tool wants it. */
  tap: ViewTap | undefined;
  /** Loads the (sub)package of a page when it is not there yet. */
  ensurePackage(path: string): Promise<void>;
  /** Runs the modules of a page and of every component it can use. */
  ensureComponents(path: string): void;
  /** EventChannel of the navigateTo with this number. */
  takeEventChannel(cause: number | undefined): EventChannel | undefined;
  viewport(): { width: number; height: number; pixelRatio: number; theme: string };
  onNotFound(route: RouteChange): void;
  /** A route has come this far; `wx.onX` hears it by the name without `on`. */
  tell(event: RouteEvent, data: object): void;
}

export type RouteEvent =
  | 'BeforeAppRoute'
  | 'AppRoute'
  | 'AppRouteDone'
  | 'BeforePageLoad'
  | 'AfterPageLoad'
  | 'BeforePageUnload'
  | 'AfterPageUnload';

export interface Pages {
  readonly stack: readonly Page[];
  /** Every page that lives, tab pages off the stack included. */
  all(): Page[];
  current(): Page | undefined;
  byId(id: number): Page | undefined;
  byCaller(caller: unknown): Page | undefined;
  route(change: RouteChange): Promise<void>;
  pageEvent(...args: OnEvents['page']): void;
  styles(updates: StyleUpdate[]): void;
  /** Runs this after every route that has been announced: what native says keeps its order. */
  inTurn(run: () => void): void;
  appShow(): void;
  appHide(): void;
}

/** Where the original looks for it. */
const CUSTOM_TAB_BAR = 'custom-tab-bar/index';

type Lifecycle =
  | 'onLoad'
  | 'onShow'
  | 'onReady'
  | 'onHide'
  | 'onUnload'
  | 'onPullDownRefresh'
  | 'onReachBottom'
  | 'onPageScroll'
  | 'onResize'
  | 'onTabItemTap'
  | 'onShareAppMessage'
  | 'onTitleClick';

/** The page stack of the logic layer. Native decides; this follows, in the documented order of the lifecycles. */
export function createPages(options: PagesOptions): Pages {
  const { framework, invoker, reporter } = options;
  /** Kept alive: the stack and the tab pages that are not on it. */
  const pages = new Map<number, Page>();
  /** Names of the placeholders that the log has. */
  const placeholders = new Set<string>();
  let stack: Page[] = [];
  /** Routes are handled one after the other, since one may wait for a subpackage. */
  let last: Promise<void> = Promise.resolve();

  function call(page: Page, name: Lifecycle, ...args: unknown[]): unknown {
    const method = page.caller[name];
    if (typeof method !== 'function') return undefined;
    return reporter.guard(`${page.path} ${name}`, () =>
      (method as (...a: unknown[]) => unknown).apply(page.caller, args),
    );
  }

  function show(page: Page): void {
    if (page.shown) return;
    page.shown = true;
    page.tabBar?.pageLifetime('show', []);
    page.root.pageLifetime('show', []);
    call(page, 'onShow');
  }
  function hide(page: Page): void {
    if (!page.shown) return;
    page.shown = false;
    page.root.pageLifetime('hide', []);
    call(page, 'onHide');
  }
  function unload(page: Page, routeEventId: string): void {
    const { path, caller } = page;
    options.tell('BeforePageUnload', { page: caller, path, routeEventId });
    call(page, 'onUnload');
    page.shown = false;
    pages.delete(page.id);
    stack = stack.filter((other) => other !== page);
    page.tabBar?.release();
    page.root.release();
    page.backend.close();
    page.channel.close();
    options.tell('AfterPageUnload', { page: caller, path, routeEventId });
  }

  function create(change: RouteChange): Page {
    const { pageId, path, query } = change;
    options.ensureComponents(path);
    const untapped = options.connectView(pageId);
    const channel = options.tap ? options.tap.channel(untapped, pageId) : untapped;
    const backend = new TreeBackend({
      channel,
      codec: options.codec,
      viewport: options.viewport,
      onFlood: (perSecond) =>
        reporter.problem(
          'script',
          'SET_DATA_FLOOD',
          `${path} is changed ${perSecond} times a second and has been for seconds: setData runs in a loop without an end`,
        ),
      ...framework.backendOptions(),
    });
    const root = framework.createPage(path, backend);
    const { caller } = root;
    const opener = options.takeEventChannel(change.cause) ?? new EventChannel();
    const page: Page = { id: pageId, path, query, caller, root, backend, opener, channel, shown: false };
    const { tabBar } = options.manifest().app;
    if (
      tabBar?.custom &&
      tabBar.list.some((item) => item.pagePath === path) &&
      options.manifest().components[CUSTOM_TAB_BAR]
    ) {
      options.ensureComponents(CUSTOM_TAB_BAR);
      page.tabBar = framework.createPage(CUSTOM_TAB_BAR, backend, 'custom-tab-bar');
    }
    Object.assign(caller, {
      route: path,
      __route__: path,
      options: query,
      getPageId: () => pageId,
      getOpenerEventChannel: () => opener,
    });
    receive(channel, {
      subscribe: {
        event: (event) => {
          if (event.type.startsWith('@')) viewEvent(page, event.type, event.detail, event.node);
          else framework.dispatch(backend, event);
        },
        model: (node, attribute, value) => backend.model(node, attribute, value),
        rendered: (seq) => backend.rendered(seq),
        answer: (id, results) => backend.questions.answer(id, results),
        observed: (id, entry) => backend.questions.observed(id, entry),
      },
    });
    return page;
  }

  /** A box stands for a component that needs what only WeChat has: once in the log. */
  function placeholder(name: string): void {
    if (placeholders.has(name)) return;
    placeholders.add(name);
    reporter.console.warn(`<${name}> is shown as a placeholder: what it needs is only in WeChat`);
  }

  /** Page events a view raises by itself. */
  function viewEvent(page: Page, type: string, detail: unknown, node: number): void {
    if (type === '@scroll') call(page, 'onPageScroll', detail);
    else if (type === '@reachBottom') call(page, 'onReachBottom');
    else if (type === '@pullDownRefresh') call(page, 'onPullDownRefresh');
    else if (type === '@share') {
      const button = page.backend.node(node)?.element;
      const target = { id: button?.id ?? '', dataset: copyPlain(button?.dataset ?? {}) };
      call(page, 'onShareAppMessage', { from: 'button', target });
    } else if (type === '@native') {
      const { name, params } = detail as { name: string; params: object };
      if (!VIEW_ASKS.has(name)) return;
      void invoker.invoke(name as never, { ...params, pageId: page.id } as never).catch(() => {});
    } else if (type === '@script')
      reporter.guard('what WXS calls', () => framework.fromScript(page.backend, node, detail as object));
    else if (type === '@log') {
      const { level, values } = detail as { level: 'log'; values: unknown[] };
      reporter.console[level](...values);
    } else if (type === '@scriptError') reporter.problem('component', 'COMPONENT_ERROR', scriptError(detail));
    else if (type === '@unsupported')
      reporter.problem('component', 'COMPONENT_NOT_SUPPORTED', `<${String(detail)}> is not supported`);
    else if (type === '@placeholder') placeholder(String(detail));
    else if (type === '@warn') reporter.console.warn(detail);
    else if (type === '@error') reporter.problem('runtime', 'VIEW_ERROR', detail);
  }

  let routes = 0;
  async function apply(change: RouteChange): Promise<void> {
    const before = stack.at(-1);
    const { openType, path, query, notFound = false } = change;
    const routeEventId = `${change.pageId}_${++routes}`;
    const loads = { componentFramework: 'glass-easel', openType, path, query, routeEventId };
    const routed = (): object => ({
      ...{ openType, path, query, notFound, routeEventId, renderer: 'webview', webviewId: change.pageId },
      page: { ...options.manifest().components[path]?.window },
      timeStamp: Date.now(),
    });
    options.tell('BeforeAppRoute', routed());
    if (change.fresh) {
      const known = Object.hasOwn(options.manifest().components, change.path);
      if (known) await options.ensurePackage(change.path);
      if (before && !change.closed.includes(before.id)) hide(before);
      for (const id of change.closed) {
        const page = pages.get(id);
        if (page) unload(page, routeEventId);
      }
      if (!known) options.onNotFound(change);
      options.tell('BeforePageLoad', loads);
      const page = create(change);
      pages.set(page.id, page);
      // A switchTab leaves the other tab pages alive but takes them off the stack.
      stack = change.openType === 'switchTab' ? [page] : [...stack, page];
      // A page that is written with Component() takes its query by properties, too.
      page.root.setProperties(change.query);
      page.root.attach();
      page.tabBar?.attach();
      if (typeof page.caller.onPageScroll === 'function') page.backend.listen(page.backend.root, '@scroll', false, 0);
      if (typeof page.caller.onReachBottom === 'function')
        page.backend.listen(page.backend.root, '@reachBottom', false, 0);
      call(page, 'onLoad', change.query);
      options.tell('AfterPageLoad', { ...loads, page: page.caller });
      show(page);
      tabTap(change, page);
      options.tell('AppRoute', routed());
      page.backend.render(() => {
        call(page, 'onReady');
        void invoker.invoke('pageReady', { pageId: page.id }).catch(() => {});
        options.tell('AppRouteDone', routed());
      });
      return;
    }
    const page = pages.get(change.pageId);
    if (before && before !== page && !change.closed.includes(before.id)) hide(before);
    for (const id of change.closed) {
      const closed = pages.get(id);
      if (closed) unload(closed, routeEventId);
    }
    if (!page) return;
    if (change.openType === 'switchTab') stack = [page];
    show(page);
    tabTap(change, page);
    options.tell('AppRoute', routed());
    options.tell('AppRouteDone', routed());
    void invoker.invoke('pageReady', { pageId: page.id }).catch(() => {});
  }

  function tabTap(change: RouteChange, page: Page): void {
    if (change.tab) call(page, 'onTabItemTap', { ...change.tab, pagePath: page.path });
  }

  function pageEvent(pageId: number, event: OnEvents['page'][1], data: unknown): void {
    const page = pages.get(pageId);
    if (!page) return;
    if (event === 'resize') {
      page.root.pageLifetime('resize', [data]);
      call(page, 'onResize', data);
    } else if (event === 'tabItemTap') call(page, 'onTabItemTap', data);
    else if (event === 'pullDownRefresh') call(page, 'onPullDownRefresh');
    else if (event === 'reachBottom') call(page, 'onReachBottom');
    else if (event === 'shareAppMessage') call(page, 'onShareAppMessage', data);
    else call(page, 'onTitleClick');
  }

  function inTurn(run: () => void): void {
    last = last.then(run).catch((error: unknown) => reporter.problem('script', 'UNCAUGHT', error));
  }

  return {
    get stack() {
      return stack;
    },
    all: () => [...pages.values()],
    current: () => stack.at(-1),
    byId: (id) => pages.get(id),
    byCaller: (caller) => [...pages.values()].find((page) => page.caller === caller),
    route(change) {
      last = last
        .then(() => apply(change))
        .catch((error: unknown) => {
          reporter.problem('runtime', 'PAGE_FAILED', error);
          void invoker
            .invoke('pageReady', {
              pageId: change.pageId,
              error: error instanceof Error ? error.message : String(error),
            })
            .catch(() => {});
        });
      return last;
    },
    inTurn,
    pageEvent: (pageId, event, data) => inTurn(() => pageEvent(pageId, event, data)),
    styles(updates) {
      for (const page of pages.values()) publish(page.channel, 'styles', updates);
    },
    appShow() {
      const page = stack.at(-1);
      if (page) show(page);
    },
    appHide() {
      const page = stack.at(-1);
      if (page) hide(page);
    },
  };
}

/** What a WXS handler threw in the view. */
function scriptError(detail: unknown): Error {
  const { message, stack } = detail as { message: string; stack: string };
  const error = new Error(message);
  error.stack = stack;
  return error;
}
