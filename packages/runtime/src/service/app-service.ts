import type { PackageUpdate, ServiceBoot } from '@sparrow/protocol';
import { BRIDGE_VERSION } from '@sparrow/protocol';
import { type Channel, createInvoker, type Invoker, receive, type TreeCodec } from '../bridge/index.ts';
import { createAppObject } from './app-object.ts';
import type { Caller } from './caller.ts';
import { createCanvases } from './canvas.ts';
import { createDebugDoor } from './debug-door.ts';
import type { Definition } from './definitions.ts';
import { EventChannel } from './event-channel.ts';
import { createFramework, type Framework, installComponentMethods, watchSetData } from './framework.ts';
import { IntersectionObserver } from './intersection-observer.ts';
import { MediaQueryObserver } from './media-query-observer.ts';
import { createModuleLoader } from './module-loader.ts';
import { createNodeInstances } from './node-contexts.ts';
import { createPages, type Page, type Pages } from './pages.ts';
import { createPlugins } from './plugins.ts';
import { createProgramPackages } from './program-packages.ts';
import { createReporter } from './reporter.ts';
import { createSandboxGlobal } from './sandbox-global.ts';
import { SelectorQuery } from './selector-query.ts';
import { located, watchUncaught } from './uncaught.ts';
import { createViewTap } from './view-tap.ts';
import { createWx } from './wx/index.ts';

export interface AppServiceOptions {
  /** To the native layer. */
  host: Channel;
  codec: TreeCodec;
  /** The channel to the view of a page; native has announced it with `viewPort` before the page's route. */
  connectView(pageId: number): Channel;
}

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

function runApp(boot: ServiceBoot, options: AppServiceOptions, invoker: Invoker) {
  if (boot.version !== BRIDGE_VERSION)
    throw new Error(`the logic layer speaks bridge version ${BRIDGE_VERSION}, native ${boot.version}`);
  let manifest = boot.manifest;
  let launch = boot.launch;
  let system = boot.system;

  /** Objects behind `node()` and `context()` of a query, by the component's tag; the canvas adds itself here. */
  const canvases = createCanvases(invoker);
  const instances = createNodeInstances(canvases.instances);
  const reporter = createReporter(
    invoker,
    () => pages?.current()?.id ?? 0,
    (stack) => loader.ownColumns(stack),
  );
  const app = createAppObject(reporter);
  const framework: Framework = createFramework({
    manifest,
    onError: (error, info) => reporter.problem('component', 'COMPONENT_ERROR', located(error, info)),
    onPlaceholder: (path) => void reporter.guard(`package of ${path}`, () => packages.bring(path)),
    onWarning: (message, info) => reporter.console.warn(info.is ? `${message} (in ${info.is})` : message),
  });
  const channels = new Map<number, EventChannel>();

  const loader = createModuleLoader({
    loadPackageOf: (path) => packages.loadAround(path),
    globals: (path) => {
      return {
        wx,
        App: app.define,
        // Libraries call these from modules of their own: what counts is the page or component whose script is running.
        Page: (definition: Definition) => framework.definitionEnv(packages.defining).Page(definition),
        Component: (definition?: Definition) => framework.definitionEnv(packages.defining).Component(definition),
        Behavior: (definition?: Definition) => framework.definitionEnv(packages.defining).Behavior(definition),
        getApp: () => app.instance,
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
  const packages = createProgramPackages({
    ...{ invoker, reporter, loader, framework },
    manifest: () => manifest,
    onMain: () => app.launch(() => loader.has('app.js') && loader.require('app.js'), launch),
    onLazyLoadError: (root, error) =>
      wxContext.emit('LazyLoadError', { type: 'subpackage', subpackage: [root], errMsg: String(error) }),
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
    ...{ framework, invoker, reporter, tap },
    manifest: () => manifest,
    codec: options.codec,
    connectView: options.connectView,
    ensurePackage: packages.ensurePackage,
    ensureComponents: packages.ensureComponents,
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
      app.hook('onPageNotFound', found);
      wxContext.emit('PageNotFound', found);
    },
    tell: (event, data) => wxContext.emit(event, data),
  });
  installMethods(pages, tap, instances);

  const wxContext = createWx({
    ...{ reporter, boot, instances, canvases, EventChannel },
    invoke: invoker.invoke,
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
    modules: () => packages.modulesOf(''),
  });
  const { wx } = wxContext;
  const sandboxGlobal = createSandboxGlobal(wx);
  reporter.onError((message) => {
    app.hook('onError', message);
    wxContext.emit('Error', message);
  });
  const evaluate = createDebugDoor({
    open: boot.debug,
    invoker,
    env: () => ({
      ...{ wx, pages, require: loader.require, apiUse: wxContext.apiUse },
      getApp: () => app.instance,
      getCurrentPages: () => pages.stack.map((page) => page.caller),
    }),
  });

  packages.add(boot.bundle);
  // An independent subpackage may be opened first; then app.js runs when the main package comes.
  if (boot.bundle.root === '') app.launch(() => loader.has('app.js') && loader.require('app.js'), launch);
  watchUncaught(reporter, (rejection) => {
    app.hook('onUnhandledRejection', rejection);
    wxContext.emit('UnhandledRejection', rejection);
  });

  return {
    route: pages.route,
    pageEvent: pages.pageEvent,
    evaluate,
    appShow: (show: ServiceBoot['launch']) =>
      pages.inTurn(() => {
        launch = show;
        app.hook('onShow', show);
        wxContext.emit('AppShow', show);
        pages.appShow();
      }),
    appHide: () =>
      pages.inTurn(() => {
        pages.appHide();
        app.hook('onHide');
        wxContext.emit('AppHide', undefined);
      }),
    native(event: string, data: unknown) {
      if (event === 'systemChange') system = data as typeof system;
      else {
        if (event === 'ThemeChange') app.hook('onThemeChange', data);
        wxContext.emit(event, data);
      }
    },
    /** Live reload under the living pages: route, data and scroll stay. */
    reload(update: PackageUpdate) {
      manifest = update.manifest;
      framework.updateManifest(manifest);
      pages.styles(update.styles);
      packages.exchange(Object.values(update.bundles), () => pages.all().map((page) => page.root));
    },
  };
}

/** What components can ask of their page, beside what the framework gives them. */
function installMethods(
  pages: Pages,
  tap: ReturnType<typeof createViewTap> | undefined,
  instances: ReturnType<typeof createNodeInstances>,
): void {
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
}
