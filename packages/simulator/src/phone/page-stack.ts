import type { AppConfig, OpenType, PackageManifest, RouteChange, TabBarConfig, WindowConfig } from '@sparrow/protocol';
import { WINDOW_DEFAULTS } from '@sparrow/protocol';
import { NativeFailure } from '@sparrow/runtime/native';

/** Pages that navigateTo may stack. Source: the routing chapter of the mini-program guide. */
const STACK_LIMIT = 10;
/** A view that has closed no layer so long after it was asked to cannot keep its user any more. Milliseconds. */
const LAYER_MS = 1_000;

/** A page that exists, on the stack or waiting as a tab. */
export interface StackPage {
  readonly id: number;
  readonly path: string;
  readonly query: Record<string, string>;
  /** Its values follow the theme. */
  window: WindowConfig;
  /** Index in the tab bar, -1 for others. */
  readonly tab: number;
}

export interface PageStackOptions<P extends StackPage> {
  manifest(): PackageManifest;
  open(page: StackPage, openType: OpenType): P;
  close(page: P, openType: OpenType): void;
  show(page: P, openType: OpenType): void;
  /** Back was taken while layers are open over the page. */
  closeLayer(page: P): void;
  /** Tells the logic layer. */
  announce(change: RouteChange): void;
  theme(): 'light' | 'dark';
}

/** The page stack, owned by native as in the original. */
export class PageStack<P extends StackPage> {
  readonly #options: PageStackOptions<P>;
  #stack: P[] = [];
  /** Tab pages that have been opened live on while another tab is shown. */
  readonly #tabs = new Map<string, P>();
  /** How many layers over a page, by its id, close before it does. */
  readonly #layers = new Map<number, number>();
  /** When a page was asked first to close a layer, by `performance.now()`, and none has closed since. */
  readonly #askedAt = new Map<number, number>();
  #lastId = 0;

  constructor(options: PageStackOptions<P>) {
    this.#options = options;
  }

  get pages(): readonly P[] {
    return this.#stack;
  }
  get top(): P | undefined {
    return this.#stack.at(-1);
  }
  byId(id: number): P | undefined {
    return this.#stack.find((page) => page.id === id) ?? [...this.#tabs.values()].find((page) => page.id === id);
  }
  /** Every page that lives. */
  all(): P[] {
    return [...new Set([...this.#stack, ...this.#tabs.values()])];
  }

  launch(url: string): void {
    this.#push(url, 'appLaunch', []);
  }
  navigateTo(url: string, cause?: number): void {
    if (this.#isTab(url)) throw new NativeFailure('can not navigate to a tabbar page');
    if (this.#stack.length >= STACK_LIMIT) throw new NativeFailure('webview count limit exceed');
    this.#push(url, 'navigateTo', [], cause);
  }
  redirectTo(url: string): void {
    if (this.#isTab(url)) throw new NativeFailure('can not navigate to a tabbar page');
    const { top } = this;
    const closed = top && top.tab < 0 ? [top] : [];
    this.#push(url, 'redirectTo', closed);
  }
  reLaunch(url: string): void {
    this.#push(url, 'reLaunch', this.all().reverse());
  }

  switchTab(url: string, tapped?: { index: number; text: string }): void {
    const { path } = parseUrl(url);
    if (!this.#isTab(path) && this.#isPage(path)) throw new NativeFailure('can not switch to no-tabBar page');
    const existing = this.#tabs.get(path);
    const closed = this.#stack.filter((page) => page.tab < 0).reverse();
    const extra = tapped ? { tab: tapped } : {};
    if (!existing) return this.#push(url, 'switchTab', closed, undefined, extra);
    this.#discard(closed, 'switchTab');
    this.#stack = [existing];
    this.#options.show(existing, 'switchTab');
    this.#announce('switchTab', existing, closed, false, extra);
  }

  /** One layer more over the page, or one less. */
  holdBack(id: number, on: boolean): void {
    const open = (this.#layers.get(id) ?? 0) + (on ? 1 : -1);
    if (open > 0) this.#layers.set(id, open);
    else this.#layers.delete(id);
    if (!on) this.#askedAt.delete(id);
  }

  /** Whether going back closes a layer over the page, and not the page: as long as its view does what it is asked for. */
  #holds({ id }: P): boolean {
    if (!this.#layers.has(id)) return false;
    const asked = this.#askedAt.get(id);
    if (asked !== undefined) return performance.now() - asked < LAYER_MS;
    this.#askedAt.set(id, performance.now());
    return true;
  }

  /** @returns false when there is no page below. */
  navigateBack(delta: number): boolean {
    if (this.#stack.length <= 1) return false;
    const { top } = this;
    if (top && delta === 1 && this.#holds(top)) {
      this.#options.closeLayer(top);
      return true;
    }
    const keep = Math.max(1, this.#stack.length - delta);
    const closed = this.#stack.slice(keep).reverse();
    const page = this.#stack[keep - 1] as P;
    this.#discard(closed, 'navigateBack');
    this.#options.show(page, 'navigateBack');
    this.#announce('navigateBack', page, closed, false, {});
    return true;
  }

  #isPage(path: string): boolean {
    return this.#options.manifest().app.pages.includes(path);
  }
  /** Path and query of an address, of the page of a plugin (`plugin://alias/name`) too. */
  #parse(url: string): ReturnType<typeof parseUrl> {
    const [, scheme, owner = '', rest = ''] = /^(plugin|plugin-private):\/\/([^/?]+)\/?(.*)$/.exec(url) ?? [];
    if (scheme === undefined) return parseUrl(url);
    const { path, query } = parseUrl(rest);
    const { plugins } = this.#options.manifest();
    const pages = Object.hasOwn(plugins, owner) ? plugins[owner]?.pages : undefined;
    if (scheme === 'plugin') return { path: (pages && Object.hasOwn(pages, path) && pages[path]) || url, query };
    return { path: `__plugin__/${owner}/${path}`, query };
  }
  #isTab(url: string): boolean {
    const { path } = this.#parse(url);
    return this.#options.manifest().app.tabBar?.list.some((item) => item.pagePath === path) ?? false;
  }

  #push(url: string, openType: OpenType, closed: P[], cause?: number, extra: Partial<RouteChange> = {}): void {
    const { path, query } = this.#parse(url);
    const { app } = this.#options.manifest();
    const known = this.#isPage(path);
    if (!known && openType !== 'appLaunch') throw new NativeFailure(`page "${url}" is not found`);
    const page = this.#options.open(
      {
        id: ++this.#lastId,
        path,
        query,
        window: windowOf(this.#options.manifest(), path, this.#options.theme()),
        tab: app.tabBar?.list.findIndex((item) => item.pagePath === path) ?? -1,
      },
      openType,
    );
    this.#discard(closed, openType);
    this.#stack = openType === 'switchTab' ? [page] : [...this.#stack, page];
    if (page.tab >= 0) this.#tabs.set(path, page);
    this.#options.show(page, openType);
    this.#announce(openType, page, closed, true, {
      ...extra,
      ...(cause !== undefined && { cause }),
      ...(!known && { notFound: true }),
    });
  }

  #discard(pages: P[], openType: OpenType): void {
    for (const page of pages) {
      this.#stack = this.#stack.filter((other) => other !== page);
      this.#layers.delete(page.id);
      this.#askedAt.delete(page.id);
      if (this.#tabs.get(page.path) === page) this.#tabs.delete(page.path);
      this.#options.close(page, openType);
    }
  }

  #announce(openType: OpenType, page: P, closed: P[], fresh: boolean, extra: Partial<RouteChange>): void {
    this.#options.announce({
      openType,
      pageId: page.id,
      path: page.path,
      query: page.query,
      closed: closed.map((other) => other.id),
      fresh,
      ...extra,
    });
  }
}

/** Path and query of a mini program's address. As in the original nothing is decoded: programs do that themselves. */
export function parseUrl(url: string): { path: string; query: Record<string, string> } {
  const at = url.indexOf('?');
  const path = (at < 0 ? url : url.slice(0, at)).replace(/^\/+/, '').replace(/\.html$/, '');
  const query: Record<string, string> = {};
  if (at >= 0)
    for (const pair of url.slice(at + 1).split('&')) {
      if (!pair) continue;
      const equals = pair.indexOf('=');
      const name = equals < 0 ? pair : pair.slice(0, equals);
      query[name] = equals < 0 ? '' : pair.slice(equals + 1);
    }
  return { path, query };
}

/** The address that `parseUrl` takes apart. */
export function urlOf({ path, query }: { path: string; query: Record<string, string> }): string {
  const pairs = Object.entries(query).map(([name, value]) => `${name}=${value}`);
  return pairs.length > 0 ? `${path}?${pairs.join('&')}` : path;
}

/** Window settings of a page: defaults, app.json, the page's own, then the theme's variables (`@name`). */
export function windowOf(manifest: PackageManifest, path: string, theme: 'light' | 'dark'): WindowConfig {
  const { app, components } = manifest;
  const own = components[path]?.window ?? {};
  const merged = { ...WINDOW_DEFAULTS, ...app.window, ...own } as Record<keyof WindowConfig, unknown>;
  return themed(merged, app, theme) as unknown as WindowConfig;
}

/** Replaces `@name` by the theme's value. */
export function themed<T extends object>(values: T, app: AppConfig, theme: 'light' | 'dark'): T {
  const variables = app.themes?.[theme] ?? {};
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => [
      key,
      typeof value === 'string' && value.startsWith('@') ? (variables[value.slice(1)] ?? value) : value,
    ]),
  ) as T;
}

/** The tab bar with the theme's values, those of its icons among them. */
export function tabBarOf(app: AppConfig, theme: 'light' | 'dark'): TabBarConfig | undefined {
  const { tabBar } = app;
  return tabBar && { ...themed(tabBar, app, theme), list: tabBar.list.map((item) => themed(item, app, theme)) };
}
