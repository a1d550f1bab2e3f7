/** The sandboxed frames a mini program runs in, and the ports between them. */
import type { RuntimeMode } from '@sparrow/protocol';
import { type Channel, portChannel } from '@sparrow/runtime/bridge';
import { h } from '@sparrow/runtime/native';
import { lineTo, watchFrameLife } from './frame-life.ts';
import { whenSilent } from './punctual.ts';

/** Where the logic layer runs, seen from native. */
export interface LogicLayer {
  readonly channel: Channel;
  /** Opens the view of a page in its slot; gives native's channel to it. */
  openView(pageId: number, slot: ViewSlot): { channel: Channel; close(): void };
  /** In single mode all pages live in one frame, which has to show this one, at its place on the screen. */
  showView(pageId: number, place: { top: number; height: number }): void;
  close(): void;
}

/** A frame that does not announce itself in this time is late, and given up in a multiple of it. Milliseconds. */
const LATE_MS = 15_000;
const GIVEN_UP_MS = 8 * LATE_MS;

/** Hears of frames that are late, that they have come after all, and that one has ended by itself. */
export interface FrameWatch {
  late(seconds: number): void;
  came(): void;
  /** A script in the pages does not come to an end; and it has, after all. */
  stuck(seconds: number): void;
  alive(): void;
  /** The process of the logic layer's frame is gone, and with it the views that shared it. */
  ended(): void;
}

/** The place of a page that is to come: loading its frame is most of what opening a page costs, so it is done ahead. */
export interface ViewSlot {
  readonly holder: HTMLElement;
  readonly frame: HTMLIFrameElement;
  readonly started: Promise<void>;
  /** Takes the frame away. One that had not started yet is waited for no more. */
  close(): void;
}

/** Starts the frame of a view inside `holder`, which is in the document already and stays where it is. */
export function prepareView(mode: RuntimeMode, base: string, holder: HTMLElement, watch: FrameWatch): ViewSlot {
  const frame = sandboxed(`${base}/view.html`, 'sparrow-view');
  // In single mode the views live in the logic layer's frame.
  if (mode === 'single') return { holder, frame, started: Promise.resolve(), close() {} };
  const start = frameReady(frame, 'view-ready', watch);
  start.done.catch(() => {});
  holder.append(frame);
  return {
    holder,
    frame,
    started: start.done,
    close() {
      start.forget();
      frame.remove();
    },
  };
}

export async function openLogicLayer(
  mode: RuntimeMode,
  base: string,
  screen: HTMLElement,
  watch: FrameWatch,
): Promise<LogicLayer> {
  return mode === 'dual' ? openDual(base, watch) : openSingle(base, screen, watch);
}

function sandboxed(src: string, className: string): HTMLIFrameElement {
  const frame = h('iframe', { className });
  frame.setAttribute('sandbox', 'allow-scripts');
  frame.setAttribute('referrerpolicy', 'no-referrer');
  frame.src = src;
  return frame;
}

/** The start of a frame: `done` when it has said that it listens. Who forgets it hears nothing of it any more. */
function frameReady(
  frame: HTMLIFrameElement,
  word: string,
  watch: FrameWatch,
): { done: Promise<void>; forget(): void } {
  const { promise: done, resolve, reject } = Promise.withResolvers<void>();
  let isLate = false;
  const stopLate = whenSilent(LATE_MS, () => {
    isLate = true;
    watch.late(LATE_MS / 1000);
  });
  const stopGiveUp = whenSilent(GIVEN_UP_MS, () => {
    end();
    reject(new Error(`the frame ${frame.src} did not start in ${GIVEN_UP_MS} ms`));
  });
  function listen(event: MessageEvent): void {
    if (event.source !== frame.contentWindow || (event.data as { sparrow?: string } | null)?.sparrow !== word) return;
    forget();
    resolve();
  }
  function end(): void {
    stopLate();
    stopGiveUp();
    window.removeEventListener('message', listen);
  }
  /** What is not waited for is not late. */
  function forget(): void {
    end();
    if (isLate) watch.came();
    isLate = false;
  }
  window.addEventListener('message', listen);
  return { done, forget };
}

/** Dual mode: a hidden boot frame that owns the logic Worker, and one frame a page. */
async function openDual(base: string, watch: FrameWatch): Promise<LogicLayer> {
  const boot = sandboxed(`${base}/boot.html`, 'sparrow-boot');
  const start = frameReady(boot, 'boot-ready', watch);
  document.body.append(boot);
  const [code] = await Promise.all([
    fetch(`${base}/assets/service.js`).then((response) => response.text()),
    start.done,
  ]);
  const { port1, port2 } = new MessageChannel();
  boot.contentWindow?.postMessage({ code }, '*', [port2]);
  const channel = portChannel(port1);
  const unwatch = watchFrameLife(lineTo(boot, 'boot-ready'), watch);

  return {
    channel,
    openView(pageId, { frame, started, close }) {
      const toHost = new MessageChannel();
      const toService = new MessageChannel();
      void started.then(
        () => frame.contentWindow?.postMessage({}, '*', [toHost.port2, toService.port2]),
        (error: unknown) => console.error(error),
      );
      channel.post(['viewPort', pageId], [toService.port1]);
      const viewChannel = portChannel(toHost.port1);
      return {
        channel: viewChannel,
        close() {
          viewChannel.close();
          close();
        },
      };
    },
    showView() {},
    close() {
      unwatch();
      channel.close();
      boot.remove();
    },
  };
}

/** Single mode: one frame that lies over the pages and holds the logic and all views. */
async function openSingle(base: string, screen: HTMLElement, watch: FrameWatch): Promise<LogicLayer> {
  const frame = sandboxed(`${base}/single.html`, 'sparrow-view sparrow-single');
  const start = frameReady(frame, 'single-ready', watch);
  screen.append(frame);
  await start.done;
  const { port1, port2 } = new MessageChannel();
  frame.contentWindow?.postMessage({}, '*', [port2]);
  const channel = portChannel(port1);
  // What keeps this frame keeps the logic layer, too, whose silence is told already.
  const { ended } = watch;
  const unwatch = watchFrameLife(lineTo(frame, 'single-ready'), { ended, stuck() {}, alive() {} });
  return {
    channel,
    openView(pageId) {
      const ports = new MessageChannel();
      channel.post(['viewPort', pageId], [ports.port2]);
      const viewChannel = portChannel(ports.port1);
      return {
        channel: viewChannel,
        close() {
          channel.post(['viewClose', pageId]);
          viewChannel.close();
        },
      };
    },
    showView(pageId, { top, height }) {
      frame.style.top = `${top}px`;
      frame.style.height = `${height}px`;
      channel.post(['viewShow', pageId]);
    },
    close() {
      unwatch();
      channel.close();
      frame.remove();
    },
  };
}
