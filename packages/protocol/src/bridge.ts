/**
 * The bridge: the four verbs that join the three layers of a mini program, and nothing else.
 *
 * | verb      | from            | to              | carries                                  |
 * | --------- | --------------- | --------------- | ---------------------------------------- |
 * | Publish   | service         | view            | tree changes, queries                    |
 * | Subscribe | view            | service         | what the service listens to: view events |
 * | Invoke    | service or view | native          | a call of a native ability               |
 * | On        | native          | service or view | native events, and the reply to Invoke   |
 *
 * A message on the wire is an array: `[verb, event, ...args]`. Every event has one entry in one of the maps below; the
 * receivers are typed as a handler for every key, so a forgotten event does not compile. What can be invoked, and what
 * native tells unasked, is declared by the domains of `wx`: `packages/runtime/src/wx/<domain>/contract.ts`.
 */
import type { AppConfig } from './app-config.ts';
import type { AppShowOptions, MenuButtonRect, StoredValue, SystemInfo } from './environment.ts';
import type { PackageManifest, ServiceBundle } from './package-format.ts';

export const BRIDGE_VERSION = 1;

/** Verb codes as they stand on the wire. */
export const Verb = { Publish: 'P', Subscribe: 'S', Invoke: 'I', On: 'O' } as const;
export type Verb = (typeof Verb)[keyof typeof Verb];

/**
 * `dual`: logic in a Worker, a page in an iframe each. `single`: logic and all pages in one iframe, without encoding.
 */
export type RuntimeMode = 'dual' | 'single';

/** Number of a node inside one page; the page root is 1, 0 stands for "none". */
export type NodeId = number;

/** What the codec made of one flush; only the codec looks inside. */
export type EncodedBatch = unknown;

/** Service → view. */
export interface PublishEvents {
  /** Tree changes since the last flush. `seq` grows by one; the view answers `rendered` when `ack`. */
  flush: [seq: number, ack: boolean, batch: EncodedBatch];
  /** Layout questions, answered by `answer` with as many results as requests. */
  query: [id: number, requests: NodeQuery[]];
  /** Starts an intersection or media observer; entries come back as `observed` until `unobserve`. */
  observe: [id: number, request: ObserveRequest];
  unobserve: [id: number];
  /** Calls a method of a built-in component or of the page (`scrollTo`, canvas drawing …); answered by `answer`. */
  call: [id: number, node: NodeId, method: string, args: unknown[]];
  /** Replaces the text of style sheets in place (live reload). */
  styles: [sheets: StyleUpdate[]];
}

/** View → service. */
export interface SubscribeEvents {
  /** A user or component event on a node. */
  event: [event: ViewEvent];
  /** Two-way binding (`model:value`): the component changed its own attribute. */
  model: [node: NodeId, attribute: string, value: unknown];
  /** The flush `seq` is painted. */
  rendered: [seq: number];
  answer: [id: number, results: unknown[]];
  observed: [id: number, entry: unknown];
}

/** Native → service or view. */
export interface OnEvents {
  /** Reply to Invoke. `error` is the `errMsg` tail without the function name, undefined when it succeeded. */
  reply: [id: number, result: unknown, error: InvokeError | undefined];
  /** Progress of a running Invoke (upload progress, socket frames, request headers). */
  progress: [id: number, event: string, data: unknown];
  /** First message to the service. */
  boot: [boot: ServiceBoot];
  /** The page stack changed; the service follows. */
  route: [route: RouteChange];
  /** The app came to the front or went to the back. */
  appShow: [options: AppShowOptions];
  appHide: [];
  /** A native event by its `wx.onX` name, without `on` (`ThemeChange`, `NetworkStatusChange` …). */
  native: [event: string, data: unknown];
  /** A page event raised by native: pull-down refresh, tab tap, title press, resize, share … */
  page: [pageId: number, event: PageEvent, data: unknown];
  /** Live reload: the new package and what of it changed. */
  reload: [update: PackageUpdate];
  /** Debugging and tests: runs `(function)(...args)` in the logic layer, answered by Invoke `debugResult`. */
  evaluate: [id: number, source: string, args: unknown[]];
  /** First message to a view. */
  viewBoot: [boot: ViewBoot];
  /** Theme, size or page configuration of a view changed. */
  viewConfig: [config: ViewConfig];
  /** Native asks the view for something: scroll to top, stop refresh … */
  viewCommand: [command: ViewCommand];
}

export interface InvokeError {
  /** `errMsg` is `<function>:fail <message>`. */
  message: string;
  errno?: number;
  /** Further fields of the failure object (`errCode`, `statusCode` …). */
  extra?: Record<string, unknown>;
}

/** Messages as they stand on a channel. */
export type BridgeMessage =
  | { [K in keyof PublishEvents]: [typeof Verb.Publish, K, ...PublishEvents[K]] }[keyof PublishEvents]
  | { [K in keyof SubscribeEvents]: [typeof Verb.Subscribe, K, ...SubscribeEvents[K]] }[keyof SubscribeEvents]
  | { [K in keyof OnEvents]: [typeof Verb.On, K, ...OnEvents[K]] }[keyof OnEvents]
  | [typeof Verb.Invoke, name: string, id: number, params: unknown];

/** A handler for every event of a map. */
export type Handlers<M extends { [K in keyof M]: unknown[] }> = { [K in keyof M]: (...args: M[K]) => void };

export interface ViewEvent {
  node: NodeId;
  type: string;
  detail: unknown;
  bubbles: boolean;
  composed: boolean;
  /** Milliseconds since the page was opened. */
  timeStamp: number;
  touches?: TouchPoint[];
  changedTouches?: TouchPoint[];
  /** Layout of the target, for `target.offsetLeft` and `offsetTop`. */
  offset?: [left: number, top: number];
  /** The node whose WXS handler ended the event in the view: handlers beyond it do not get it. */
  stopped?: NodeId;
}

/** Coordinates in CSS pixels. */
export interface TouchPoint {
  identifier: number;
  pageX: number;
  pageY: number;
  clientX: number;
  clientY: number;
  force: number;
}

/** One request of a selector query; `node` 0 is the viewport. */
export interface NodeQuery {
  node: NodeId;
  rect?: boolean;
  size?: boolean;
  scrollOffset?: boolean;
  properties?: string[];
  computedStyle?: string[];
  context?: boolean;
  /** `select(...).node()`: a canvas or component instance. */
  instance?: boolean;
}

export type ObserveRequest =
  | {
      kind: 'intersection';
      node: NodeId;
      /** 0 for the viewport. */
      relativeTo: NodeId;
      margins: { left: number; top: number; right: number; bottom: number };
      thresholds: number[];
    }
  | { kind: 'media'; query: Record<string, string | number> };

export interface ServiceBoot {
  version: number;
  mode: RuntimeMode;
  manifest: PackageManifest;
  /** The main bundle, or that of the independent subpackage the app was opened in. */
  bundle: ServiceBundle;
  launch: AppShowOptions;
  system: SystemInfo;
  menuButton: MenuButtonRect;
  /** Everything this user stored: the logic layer keeps it as a mirror for the sync calls. */
  storage: Record<string, StoredValue>;
  /** The user folder as it is when the phone starts. */
  userFiles: UserFile[];
  /** Enables `evaluate` and the recording of API use. */
  debug: boolean;
  /** A tool reads along: messages to the views and from them are told, too. Otherwise nobody looks at them. */
  trace: boolean;
}

/** A file or, without data, a folder of the user folder. */
export interface UserFile {
  /** `http://usr/…` */
  path: string;
  data?: ArrayBuffer;
  /** Seconds since 1970. */
  modified: number;
}

/** What the simulator's server says of a user folder. */
export interface UserFileList {
  /** Stands in the addresses of its files. */
  scope: string;
  entries: UserFileEntry[];
}
export interface UserFileEntry {
  /** Below the user folder, without a leading slash. */
  path: string;
  folder: boolean;
  /** Bytes. */
  size: number;
  /** Seconds since 1970. */
  modified: number;
}

export type OpenType = 'appLaunch' | 'navigateTo' | 'redirectTo' | 'navigateBack' | 'switchTab' | 'reLaunch';

/** A change of the page stack made by native. The stack is listed bottom to top by page id. */
export interface RouteChange {
  openType: OpenType;
  /** The page on top after the change. */
  pageId: number;
  path: string;
  query: Record<string, string>;
  /** Pages that are gone, top first. */
  closed: number[];
  /** True when the page is new and has to be created. */
  fresh: boolean;
  /** Id given by the service to the navigateTo that caused it (for its EventChannel). */
  cause?: number;
  tab?: { index: number; text: string };
  notFound?: boolean;
}

export type PageEvent = 'pullDownRefresh' | 'reachBottom' | 'tabItemTap' | 'resize' | 'shareAppMessage' | 'titleTap';

export interface PackageUpdate {
  manifest: PackageManifest;
  bundles: Record<string, ServiceBundle>;
  styles: StyleUpdate[];
  change: 'styles' | 'templates' | 'scripts';
}

/** One style sheet of a page, in cascade order. */
export interface StyleUpdate {
  path: string;
  css: string;
}

/** What a view must know before its first flush. */
export interface ViewBoot {
  version: number;
  pageId: number;
  path: string;
  mode: RuntimeMode;
  /** Compiled sheets of the (sub)packages, by component path; the service says which are used. */
  styles: Record<string, string>;
  /** Prefix for files of the package: `<assetBase>/<path>`. */
  assetBase: string;
  /** Prefix for temporary files: `<fileBase>/tmp/<name>`. */
  fileBase: string;
  /** Prefix for the user folder. */
  userBase: string;
  /** Look of the built-in components: 2 when app.json says `"style": "v2"`. */
  styleVersion: 1 | 2;
  /** `env(safe-area-inset-*)` of the page's area, in CSS pixels; a frame's own is always 0. */
  safeArea: { top: number; bottom: number };
  config: ViewConfig;
}

export interface ViewConfig {
  theme: 'light' | 'dark';
  backgroundColor?: string;
  backgroundTextStyle?: 'light' | 'dark';
  enablePullDownRefresh: boolean;
  disableScroll: boolean;
  /** CSS pixels from the end of the page at which `reachBottom` fires. */
  onReachBottomDistance: number;
  /** True when native wants scroll positions (someone defined onPageScroll). */
  reportScroll: boolean;
}

export type ViewCommand =
  | { type: 'startPullDownRefresh' }
  | { type: 'stopPullDownRefresh' }
  /** The title bar was tapped twice. */
  | { type: 'backToTop' }
  /** A font that the page may use from now on, whole in `data`. */
  | { type: 'loadFont'; family: string; data: ArrayBuffer; descriptors: Record<string, string> }
  /** Back was taken while layers of the page hold it: the last of them closes. */
  | { type: 'closeLayer' }
  | { type: 'pageScrollTo'; scrollTop?: number; selector?: string; offsetTop?: number; duration: number };

export type { AppConfig };
