import type { ComponentConfig, PackageUpdate, ServiceBoot, ServiceBundle } from '@sparrow/protocol';
import { BRIDGE_VERSION } from '@sparrow/protocol';
import { type Channel, createInvoker, receive, type TreeCodec } from '../bridge/index.ts';
import type { Caller } from './caller.ts';
import { createCanvases } from './canvas.ts';
import type { Definition } from './definitions.ts';
import { EventChannel } from './event-channel.ts';
import { createFramework, type Framework, installComponentMethods, type PageRoot, watchSetData } from './framework.ts';
import { IntersectionObserver } from './intersection-observer.ts';
import { MediaQueryObserver } from './media-query-observer.ts';
import { createModuleLoader } from './module-loader.ts';
import { createNodeInstances } from './node-contexts.ts';
import { createPages, type Page } from './pages.ts';
import { createPlugins } from './plugins.ts';
import { createReporter } from './reporter.ts';
import { SelectorQuery } from './selector-query.ts';
import { createViewTap } from './view-tap.ts';
import { createWx } from './wx/index.ts';

export interface AppServiceOptions {
  /** To the native layer. */
  host: Channel;
  codec: TreeCodec;
  /** The channel to the view of a page; native has announced it with `viewPort` before the page's route. */
  connectView(pageId: number): Channel;
}

type Hook = 'onLaunch' | 'onShow' | 'onHide' | 'onError' | 'onPageNotFound' | 'onThemeChange' | 'onUnhandledRejection';

/** The logic layer: waits for `boot`, runs the mini program, follows native. */
export function startAppService(options: AppServiceOptions): void {
  const { host } = options;
  const invoker = createInvoker(host);
  let app: Running | undefined;
  const early: (() => void)[] = [];
  const whenRunning = (run: (app: Running) => void): void => {
    if (app) run(app);
    else early.push(() => app && run(app));
  };
  receive(host, {
    on: {
      reply: invoker.reply,
      progress: invoker.progress,
      boot: (boot) => {
        app = runApp(boot, options, invoker);
        for (const run of early.splice(0)) run();
      },
      route: (change) => whenRunning((running) => void running.route(change)),
      appShow: (show) => whenRunning((running) => running.appShow(show)),
      appHide: () => whenRunning((running) => running.appHide()),
      native: (event, data) => whenRunning((running) => running.native(event, data)),
      page: (...args) => whenRunning((running) => running.pageEvent(...args)),
      reload: (update) => whenRunning((running) => running.reload(update)),
      evaluate: (id, source, args) => whenRunning((running) => void running.evaluate(id, source, args)),
    },
  });
}

type Running = ReturnType<typeof runApp>;

function runApp(boot: ServiceBoot, options: AppServiceOptions, invoker: ReturnType<typeof createInvoker>) {
  if (boot.version !== BRIDGE_VERSION)
    throw new Error(`the logic layer speaks bridge version ${BRIDGE_VERSION}, native ${boot.version}`);
  let manifest = boot.manifest;
  const bundles = new Map<string, ServiceBundle>();
  let launch = boot.launch;
  let system = boot.system;
  let appInstance: Record<string, unknown> | undefined;

  let defining = '';
  /** Objects behind `node()` and `context()` of a query, by the component's tag; the canvas adds itself here. */
  const canvases = createCanvases(invoker);
  const instances = createNodeInstances(canvases.instances);

  const reporter = createReporter(
    invoker,
    () => pages?.current()?.id ?? 0,
    (stack) => loader.ownColumns(stack),
  );
  const framework: Framework = createFramework({
    manifest,
    onError: (error, info) => reporter.problem('component', 'COMPONENT_ERROR', locate(error, info)),
    onPlaceholder: (path) => void reporter.guard(`package of ${path}`, () => bringComponent(path)),
    onWarning: (message, info) => reporter.console.warn(info.is ? `${message} (in ${info.is})` : message),
  });
  const channels = new Map<number, EventChannel>();

  const loader = createModuleLoader({
    async loadPackageOf(path) {
      const roots = manifest.packages
        .map((info) => info.root)
        .filter((root) => root === '' || path.startsWith(`${root}/`));
      const root = roots.sort((a, b) => b.length - a.length)[0];
      if (root !== undefined && !bundles.has(root)) await loadBundle(root);
    },
    globals: (path) => {
      return {
        wx,
        App: defineApp,
        // Libraries call these from modules of their own: what counts is the page or component whose script is running.
        Page: (definition: Definition) => framework.definitionEnv(defining).Page(definition),
        Component: (definition?: Definition) => framework.definitionEnv(defining).Component(definition),
        Behavior: (definition?: Definition) => framework.definitionEnv(defining).Behavior(definition),
        getApp: () => appInstance,
        getCurrentPages: () => pages.stack.map((page) => page.caller),
        console: reporter.console,
        global: sandboxGlobal,
        globalThis: sandboxGlobal,
        requirePlugin: plugins.requirePlugin,
        requireMiniProgram: () => plugins.requireMiniProgram(path),
        __wxConfig: { ...manifest.app.raw, envVersion: 'develop' },
      };
    },
  });

  const plugins = createPlugins({
    plugins: () => manifest.plugins,
    require: loader.require,
    warn: reporter.console.warn,
  });

  const tap = boot.trace
    ? createViewTap((messages) => void invoker.invoke('trace', { messages }).catch(() => {}))
    : undefined;
  const pages = createPages({
    manifest: () => manifest,
    framework,
    invoker,
    reporter,
    codec: options.codec,
    connectView: options.connectView,
    tap,
    ensurePackage,
    ensureComponents,
    takeEventChannel(cause) {
      if (cause === undefined) return undefined;
      const channel = channels.get(cause);
      channels.delete(cause);
      return channel;
    },
    viewport: () => ({
      width: system.windowWidth,
      height: system.windowHeight,
      pixelRatio: system.pixelRatio,
      theme: system.theme,
    }),
    onNotFound(route) {
      const found = { path: route.path, query: route.query, isEntryPage: pages.stack.length === 0 };
      hook('onPageNotFound', found);
      wxContext.emit('PageNotFound', found);
    },
    tell: (event, data) => wxContext.emit(event, data),
  });

  const pageOf = (caller: Caller): Page | undefined =>
    pages.all().find((page) => page.backend === caller._$.getBackendContext());
  if (tap) watchSetData((caller, component, data) => tap.setData(pageOf(caller)?.id ?? 0, component, data));
  installComponentMethods({
    createSelectorQuery: (caller) => new SelectorQuery(caller, instances),
    createIntersectionObserver: (caller, options) => new IntersectionObserver(caller, options),
    createMediaQueryObserver: (caller) => new MediaQueryObserver(caller),
    pageIdOf: (caller) => pageOf(caller)?.id,
    tabBarOf: (caller) => pageOf(caller)?.tabBar?.caller ?? null,
  });

  const wxContext = createWx({
    invoke: invoker.invoke,
    reporter,
    boot,
    manifest: () => manifest,
    system: () => system,
    launch: () => launch,
    currentPage: () => pages.current(),
    stack: () => pages.stack,
    pageOf: (caller) => pages.byCaller(caller),
    dropEventChannel: (cause) => void channels.delete(cause),
    keepEventChannel(cause, channel) {
      channels.set(cause, channel);
    },
    EventChannel,
    instances,
    canvases,
    modules: () => bundles.get('')?.modules ?? {},
  });
  const { wx } = wxContext;
  reporter.onError((message) => {
    hook('onError', message);
    wxContext.emit('Error', message);
  });

  const sandboxGlobal: Record<string, unknown> = Object.create(null);
  for (const name of [
    'Promise',
    'Map',
    'Set',
    'WeakMap',
    'WeakSet',
    'Symbol',
    'Proxy',
    'Reflect',
    'JSON',
    'Math',
    'Date',
    'RegExp',
    'Object',
    'Array',
    'String',
    'Number',
    'Boolean',
    'Function',
    'Error',
    'TypeError',
    'RangeError',
    'ArrayBuffer',
    'DataView',
    'Uint8Array',
    'Int8Array',
    'Uint16Array',
    'Int16Array',
    'Uint32Array',
    'Int32Array',
    'Float32Array',
    'Float64Array',
    'parseInt',
    'parseFloat',
    'isNaN',
    'isFinite',
    'encodeURIComponent',
    'decodeURIComponent',
    'encodeURI',
    'decodeURI',
    'escape',
    'unescape',
    'setTimeout',
    'clearTimeout',
    'setInterval',
    'clearInterval',
    'queueMicrotask',
    'BigInt',
    'Intl',
  ])
    sandboxGlobal[name] = (globalThis as unknown as Record<string, unknown>)[name];
  sandboxGlobal.wx = wx;

  function locate(error: unknown, info: { method: string; is: string }): unknown {
    if (error instanceof Error && info.is && !error.message.includes(info.is)) {
      try {
        error.message = `${error.message} (in ${info.is}, ${info.method})`;
      } catch {
        // A frozen error keeps its message.
      }
    }
    return error;
  }

  function defineApp(definition: Record<string, unknown>): void {
    appInstance = definition ?? {};
  }

  function hook(name: Hook, ...args: unknown[]): void {
    const method = appInstance?.[name];
    if (typeof method === 'function')
      reporter.guard(`App ${name}`, () => (method as (...a: unknown[]) => unknown).apply(appInstance, args));
  }

  function addBundle(bundle: ServiceBundle): void {
    bundles.set(bundle.root, bundle);
    loader.add(bundle.modules);
    reporter.guard(`templates of ${bundle.root || 'the main package'}`, () => framework.addBundle(bundle));
  }

  async function ensurePackage(path: string): Promise<void> {
    const root = manifest.components[path]?.root ?? '';
    const info = manifest.packages.find((entry) => entry.root === root);
    if (!info?.independent) await loadBundle('');
    await loadBundle(root);
    startApp();
    for (const needed of rootsOf(path)) await loadBundle(needed);
  }
  /** A package that several ask for at a time is loaded once; one that could not be had is asked for again. */
  const loading = new Map<string, Promise<void>>();
  function loadBundle(root: string): Promise<void> {
    if (bundles.has(root)) return Promise.resolve();
    const known = loading.get(root);
    if (known) return known;
    const load = invoker
      .invoke('loadSubpackage', { root })
      .then(({ bundle }) => addBundle(bundle))
      .finally(() => loading.delete(root));
    loading.set(root, load);
    return load;
  }

  /** Components that this one names, without those that may come later: a placeholder stands for them until then. */
  function partsOf(path: string): { path: string; later: boolean }[] {
    const config: ComponentConfig | undefined = manifest.components[path];
    const parts = Object.entries(config?.usingComponents ?? {}).map(([tag, target]) => ({
      path: target,
      later: Object.hasOwn(config?.componentPlaceholder ?? {}, tag),
    }));
    for (const generic of Object.values(config?.componentGenerics ?? {}))
      if (generic !== true && generic.default) parts.push({ path: generic.default, later: false });
    return parts;
  }

  /** Packages in which the components lie that this one cannot do without. */
  function rootsOf(path: string, seen = new Set<string>(), roots = new Set<string>()): Set<string> {
    if (seen.has(path)) return roots;
    seen.add(path);
    const config = manifest.components[path];
    if (config) roots.add(config.root);
    for (const part of partsOf(path)) if (!part.later) rootsOf(part.path, seen, roots);
    return roots;
  }

  /** The component that a placeholder stands for has been used. */
  async function bringComponent(path: string): Promise<void> {
    try {
      await ensurePackage(path);
    } catch (error) {
      const subpackage = [manifest.components[path]?.root ?? ''];
      wxContext.emit('LazyLoadError', { type: 'subpackage', subpackage, errMsg: String(error) });
      throw error;
    }
    ensureComponents(path);
  }

  /** app.js runs when the main package is there: at once, or after an independent subpackage was opened first. */
  let started = false;
  function startApp(): void {
    if (started || !bundles.has('')) return;
    started = true;
    if (loader.has('app.js')) reporter.guard('app.js', () => loader.require('app.js'));
    appInstance ??= {};
    hook('onLaunch', launch);
    hook('onShow', launch);
  }

  function ensureComponents(path: string, seen = new Set<string>()): void {
    if (seen.has(path)) return;
    seen.add(path);
    for (const part of partsOf(path)) {
      const root = manifest.components[part.path]?.root ?? '';
      if (!part.later || bundles.has(root)) ensureComponents(part.path, seen);
    }
    if (framework.isDefined(path)) return;
    runScript(path);
    framework.defineEmpty(path);
  }

  function runScript(path: string): void {
    const module = `${path}.js`;
    const outer = defining;
    defining = path;
    if (loader.has(module)) reporter.guard(module, () => loader.require(module));
    defining = outer;
  }

  const roots = (): PageRoot[] => pages.all().map((page: Page) => page.root);

  addBundle(boot.bundle);
  startApp();

  globalThis.addEventListener('error', (event) => {
    event.preventDefault();
    reporter.problem('script', 'UNCAUGHT', thrownBy(event as ErrorEvent));
  });
  globalThis.addEventListener('unhandledrejection', (event) => {
    event.preventDefault();
    const { reason, promise } = event as PromiseRejectionEvent;
    hook('onUnhandledRejection', { reason, promise });
    wxContext.emit('UnhandledRejection', { reason, promise });
    // Failed wx calls reject with a plain object; WeChat prints those without counting them as errors of the script.
    if (isFailedCall(reason)) reporter.console.warn('Unhandled promise rejection', reason);
    else reporter.problem('script', 'UNHANDLED_REJECTION', reason);
  });

  return {
    route: pages.route,
    pageEvent: pages.pageEvent,
    appShow: (show: ServiceBoot['launch']) =>
      pages.inTurn(() => {
        launch = show;
        hook('onShow', show);
        wxContext.emit('AppShow', show);
        pages.appShow();
      }),
    appHide: () =>
      pages.inTurn(() => {
        pages.appHide();
        hook('onHide');
        wxContext.emit('AppHide', undefined);
      }),
    native(event: string, data: unknown) {
      if (event === 'systemChange') system = data as typeof system;
      else {
        if (event === 'ThemeChange') hook('onThemeChange', data);
        wxContext.emit(event, data);
      }
    },
    /** Live reload under the living pages: route, data and scroll stay. */
    reload(update: PackageUpdate) {
      manifest = update.manifest;
      framework.updateManifest(manifest);
      pages.styles(update.styles);
      let scripts = false;
      const templates: ServiceBundle[] = [];
      for (const bundle of Object.values(update.bundles)) {
        const before = bundles.get(bundle.root);
        if (!before) continue;
        bundles.set(bundle.root, bundle);
        scripts ||= JSON.stringify(before.modules) !== JSON.stringify(bundle.modules);
        if (before.templates !== bundle.templates) templates.push(bundle);
        loader.add(bundle.modules);
      }
      if (scripts) {
        // Which module uses which is not known, so all run again, but the app's own, whose state is to stay.
        loader.forgetAll((path) => path === 'app.js');
        framework.redefine(roots(), () => {
          for (const path of Object.keys(manifest.components)) if (framework.isDefined(path)) runScript(path);
        });
      }
      for (const bundle of templates) reporter.guard('templates', () => framework.updateTemplates(bundle, roots()));
    },
    async evaluate(id: number, source: string, args: unknown[]) {
      try {
        if (!boot.debug) throw new Error('evaluate is switched off');
        // biome-ignore lint/security/noGlobalEval: the debugging door, open only in debug boots
        const run = (0, eval)(`(${source})`) as (...a: unknown[]) => unknown;
        const env = {
          wx,
          getApp: () => appInstance,
          getCurrentPages: () => pages.stack.map((page) => page.caller),
          pages,
          require: loader.require,
          apiUse: wxContext.apiUse,
        };
        const value = await run(env, ...args);
        await invoker.invoke('debugResult', { id, value });
      } catch (error) {
        await invoker.invoke('debugResult', { id, value: undefined, error: told(error) });
      }
    },
  };
}

/** What a script threw. What is no error has no stack, but the browser knows where it was thrown. */
function thrownBy({ error, message, filename, lineno, colno }: ErrorEvent): unknown {
  if (error instanceof Error) return error;
  const made = new Error(message);
  made.stack = `${message}\n    at ${filename}:${lineno}:${colno}`;
  return made;
}

/** What a tool reads of a failure: the stack of an error, the message of a call to wx that failed. */
const told = (error: unknown): string =>
  isFailedCall(error) ? (error as { errMsg: string }).errMsg : String((error as Error | undefined)?.stack ?? error);

function isFailedCall(reason: unknown): boolean {
  return !(reason instanceof Error) && typeof (reason as { errMsg?: unknown } | null)?.errMsg === 'string';
}
