import type { NodeId, StyleUpdate, TouchPoint, ViewBoot, ViewCommand, ViewConfig, ViewEvent } from '@sparrow/protocol';
import {
  type Channel,
  createInvoker,
  directTreeCodec,
  fileAddress,
  type Invoker,
  jsonTreeCodec,
  notify,
  programFile,
  receive,
} from '../bridge/index.ts';
import { baseStyles } from '../components/base-styles.ts';
import { closeLastLayer } from '../components/page-container.ts';
import { registerComponents } from '../components/registry.ts';
import { setComponentHost, type WxElement } from '../components/wx-element.ts';
import { isHost, TreeApplier } from './applier.ts';
import { installGestures } from './gestures.ts';
import { installHover } from './hover.ts';
import { createObservers } from './observers.ts';
import { answerQuery } from './queries.ts';
import { installScrolling } from './scrolling.ts';
import { asksForTheme, themedCss } from './themed-css.ts';
import { plain } from './wxs-descriptors.ts';
import { createViewWxs, type ViewWxs } from './wxs-events.ts';

export interface ViewOptions {
  /** To native. */
  host: Channel;
  /** To the logic layer. */
  service: Channel;
  /** Where the page goes: the body of its own frame, or a shadow root in single mode. */
  mount: ShadowRoot | HTMLElement;
  window: Window;
  /** Runs before the first script of the mini program, when there is one. */
  beforeScripts?(): void;
}

/** The view layer of one page: waits for `viewBoot`, applies flushes, reports events. */
export function startView(options: ViewOptions): void {
  const { host, service } = options;
  const invoker = createInvoker(host);
  let view: RunningView | undefined;
  const early: (() => void)[] = [];
  const later = (run: (view: RunningView) => void): void => {
    if (view) run(view);
    else early.push(() => view && run(view));
  };
  receive(host, {
    on: {
      reply: invoker.reply,
      progress: invoker.progress,
      viewBoot: (boot) => {
        view = runView(boot, options, invoker);
        for (const run of early.splice(0)) run();
      },
      viewConfig: (config) => later((running) => running.configure(config)),
      viewCommand: (command) => later((running) => running.command(command)),
    },
  });
  receive(service, {
    publish: {
      flush: (seq, ack, batch) => later((running) => running.flush(seq, ack, batch)),
      query: (id, requests) => later((running) => running.query(id, requests)),
      observe: (id, request) => later((running) => running.observers.observe(id, request)),
      unobserve: (id) => later((running) => running.observers.unobserve(id)),
      call: (id, node, method, args) => later((running) => void running.call(id, node, method, args)),
      styles: (updates) => later((running) => running.styles(updates)),
    },
  });
}

interface RunningView {
  flush(seq: number, ack: boolean, batch: unknown): void;
  query(id: number, requests: Parameters<typeof answerQuery>[1][]): void;
  call(id: number, node: NodeId, method: string, args: unknown[]): Promise<void>;
  styles(updates: StyleUpdate[]): void;
  configure(config: ViewConfig): void;
  command(command: ViewCommand): void;
  observers: ReturnType<typeof createObservers>;
}

function runView(boot: ViewBoot, options: ViewOptions, invoker: Invoker): RunningView {
  const { mount, service, window } = options;
  const document = mount.ownerDocument;
  const codec = boot.mode === 'dual' ? jsonTreeCodec : directTreeCodec;
  registerComponents();
  const listened = new Set<string>();
  let config = boot.config;

  const styleHome: ParentNode & Node = mount instanceof ShadowRoot ? mount : document.head;
  const base = document.createElement('style');
  base.textContent = baseStyles;
  styleHome.appendChild(base);
  const sheets = new Map<string, HTMLStyleElement>();
  const root = document.createElement('wx-root');
  root.classList.toggle('wx-v2', boot.styleVersion === 2);
  mount.appendChild(root);

  const finished = (css: string): string =>
    themedCss(css, config.theme)
      .replaceAll('sparrow-asset:', boot.assetBase)
      .replace(/\b(?:env|constant)\(\s*(safe-area-inset-(?:top|right|bottom|left))\s*(?:,[^()]*)?\)/g, 'var(--$1)');
  for (const side of ['top', 'right', 'bottom', 'left'] as const) {
    const inset = side === 'top' || side === 'bottom' ? boot.safeArea[side] : 0;
    root.style.setProperty(`--safe-area-inset-${side}`, `${inset}px`);
  }
  /** Names of components that are not supported, each reported once. */
  const reported = new Set<string>();
  const applier = new TreeApplier({
    document,
    root,
    addSheet(path) {
      if (sheets.has(path)) return;
      const style = document.createElement('style');
      style.dataset.path = path;
      style.textContent = finished(boot.styles[path] ?? '');
      sheets.set(path, style);
      styleHome.appendChild(style);
    },
    listen: (type) => {
      listened.add(type);
    },
    unsupported: (name) => {
      if (reported.has(name)) return;
      reported.add(name);
      tell('@unsupported', name);
    },
    get wxs() {
      return wxs;
    },
  });
  const wxs: ViewWxs = createViewWxs({
    root,
    window,
    element: (id) => applier.element(id),
    numberOf: (node) => applier.numberOf(node),
    isHost,
    call: (component, call) => tell('@script', call, component),
    prepare: () => options.beforeScripts?.(),
    print: (level, values) => tell('@log', { level, values: plain(values) }),
    onError(error) {
      const { message, stack = '' } = error instanceof Error ? error : new Error(String(error));
      tell('@scriptError', { message, stack });
    },
  });

  /** For the logic layer itself; sent whether anyone listens or not. */
  const tell = (type: string, detail: unknown, node: NodeId = 1): void =>
    notify(service, 'event', { node, type, detail, bubbles: false, composed: false, timeStamp: 0 });

  const start = performance.now();
  const emit = (
    node: NodeId,
    type: string,
    detail: unknown,
    more: { bubbles?: boolean; composed?: boolean; touches?: TouchPoint[]; changedTouches?: TouchPoint[] } = {},
  ): void => {
    if (node === 0 || !listens(type)) return;
    const element = applier.element(node);
    const event: ViewEvent = {
      node,
      type,
      detail,
      bubbles: more.bubbles ?? false,
      composed: more.composed ?? false,
      timeStamp: Math.round(performance.now() - start),
      ...(more.touches && { touches: more.touches }),
      ...(more.changedTouches && { changedTouches: more.changedTouches }),
    };
    const stopped = wxs.dispatch(element, event);
    if (!listened.has(type) || (type.startsWith('touch') && !wxs.isHeard(element, type))) return;
    notify(service, 'event', {
      ...event,
      ...(element && { offset: [element.offsetLeft, element.offsetTop] as [number, number] }),
      ...(stopped !== undefined && { stopped }),
    });
  };
  const listens = (type: string): boolean => listened.has(type) || wxs.handles(type);

  setComponentHost(mount instanceof ShadowRoot ? mount : document, {
    emit: (element, type, detail, more) => emit(applier.idAt(element), type, detail, more),
    model: (element, attribute, value) => notify(service, 'model', applier.idAt(element), attribute, value),
    tell: (element, type, detail) => tell(type, detail, applier.idAt(element)),
    invoke: (name, params, onProgress) =>
      invoker.invoke(name as never, params as never, (onProgress ? { onProgress } : {}) as never),
    resolveUrl: (url) => resolveUrl(url, boot),
    path: boot.path,
    get theme() {
      return config.theme;
    },
  });
  installGestures({
    target: mount,
    root,
    idAt: (node) => applier.idAt(node),
    emit,
    listens,
  });
  installHover(mount);
  const scrolling = installScrolling({
    root,
    window,
    emit: (type, detail) => {
      if (type === '@pullDownRefresh' || listened.has(type)) tell(type, detail);
    },
    config: () => config,
  });

  const running: RunningView = {
    flush(seq, ack, batch) {
      try {
        applier.apply(codec.decode(batch));
      } catch (error) {
        const message = error instanceof Error ? `${error.message}\n${error.stack ?? ''}` : String(error);
        tell('@error', message);
      }
      if (ack) afterPaint(window, () => notify(service, 'rendered', seq));
    },
    query(id, requests) {
      notify(
        service,
        'answer',
        id,
        requests.map((request) => answerQuery(applier.element(request.node), request, { root, window })),
      );
    },
    async call(id, node, method, args) {
      let result: unknown;
      try {
        result = await (applier.element(node) as WxElement | undefined)?.callMethod?.(method, args);
      } catch (error) {
        result = { error: String(error) };
      }
      notify(service, 'answer', id, [result]);
    },
    styles(updates) {
      for (const { path, css } of updates) {
        boot.styles[path] = css;
        const style = sheets.get(path);
        if (style) style.textContent = finished(css);
      }
    },
    configure(next) {
      const turned = next.theme !== config.theme;
      config = next;
      if (turned)
        for (const [path, style] of sheets) {
          const css = boot.styles[path] ?? '';
          if (asksForTheme(css)) style.textContent = finished(css);
        }
      applyConfig();
    },
    command(command) {
      if (command.type === 'closeLayer') closeLastLayer(root);
      else if (command.type !== 'loadFont') scrolling.command(command);
      else document.fonts.add(new FontFace(command.family, command.data, command.descriptors));
    },
    observers: createObservers({
      element: (id) => applier.element(id),
      root,
      window,
      report: (id, entry) => notify(service, 'observed', id, entry),
    }),
  };

  function applyConfig(): void {
    root.dataset.theme = config.theme;
    root.style.backgroundColor = config.backgroundColor ?? '';
    root.classList.toggle('wx-no-scroll', config.disableScroll);
    scrolling.configure(config);
  }
  applyConfig();
  return running;
}

/** Calls back once the frame that holds the change has been painted. */
function afterPaint(window: Window, callback: () => void): void {
  // A frame that is not shown gets no animation frames: a timer takes over.
  let done = false;
  const finish = (): void => {
    if (done) return;
    done = true;
    callback();
  };
  window.requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      finish();
    };
    port2.postMessage(0);
  });
  window.setTimeout(finish, 100);
}

/**
 * Files of the mini program by native's addresses, pictures of elsewhere by their own: a view has no origin to lose.
 */
function resolveUrl(url: string, boot: ViewBoot): string {
  if (url.startsWith('//')) return `https:${url}`;
  const file = programFile(url, boot.path.slice(0, boot.path.lastIndexOf('/') + 1));
  if (file) return fileAddress(file, boot) ?? ('url' in file ? file.url : '');
  return /^(data:|blob:|about:)/i.test(url) ? url : '';
}
