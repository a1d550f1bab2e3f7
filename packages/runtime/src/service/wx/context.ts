import type { AppShowOptions, PackageManifest, ServiceBoot, SystemInfo } from '@sparrow/protocol';
import type { Invoker } from '../../bridge/index.ts';
import type { Canvases } from '../canvas.ts';
import type { EventChannel } from '../event-channel.ts';
import type { Page } from '../pages.ts';
import type { Reporter } from '../reporter.ts';
import type { NodeInstances } from '../selector-query.ts';
import type { FileTree } from './file-tree.ts';

/** What the wx.* functions stand on. */
export interface WxContext {
  invoker: Invoker;
  reporter: Reporter;
  boot: ServiceBoot;
  manifest(): PackageManifest;
  system(): SystemInfo;
  launch(): AppShowOptions;
  currentPage(): Page | undefined;
  stack(): readonly Page[];
  pageOf(caller: unknown): Page | undefined;
  /** Forgets the channel of a navigateTo that failed. */
  dropEventChannel(cause: number): void;
  /** Keeps the channel of a navigateTo until its page is created. */
  keepEventChannel(cause: number, channel: EventChannel): void;
  EventChannel: typeof EventChannel;
  instances: NodeInstances;
  canvases: Canvases;
}

/** One domain of wx.*: the functions it adds. */
export type WxDomain = (context: WxContext, events: WxEvents, files: FileTree) => Record<string, unknown>;

/** Listeners of `wx.onX` / `wx.offX` by event name without `on`. */
export interface WxEvents {
  on(event: string, listener: (data: unknown) => void): void;
  /** Without a listener all are removed, as in WeChat. */
  off(event: string, listener?: (data: unknown) => void): void;
  emit(event: string, data: unknown): void;
  /** The `onX` and `offX` functions of an event. */
  pair(event: string): Record<string, (listener?: (data: unknown) => void) => void>;
}

export function createEvents(reporter: Reporter): WxEvents {
  const listeners = new Map<string, ((data: unknown) => void)[]>();
  const events: WxEvents = {
    on(event, listener) {
      if (typeof listener === 'function') listeners.set(event, [...(listeners.get(event) ?? []), listener]);
    },
    off(event, listener) {
      if (!listener) listeners.delete(event);
      else
        listeners.set(
          event,
          (listeners.get(event) ?? []).filter((other) => other !== listener),
        );
    },
    emit(event, data) {
      for (const listener of listeners.get(event) ?? []) reporter.guard(`wx.on${event}`, () => listener(data));
    },
    pair: (event) => ({
      [`on${event}`]: (listener) => listener && events.on(event, listener),
      [`off${event}`]: (listener) => events.off(event, listener),
    }),
  };
  return events;
}
