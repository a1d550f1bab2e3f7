import type { AppShowOptions, PackageManifest, ServiceBoot, SystemInfo } from '@sparrow/protocol';
import type { Invoke } from '../../bridge/index.ts';
import type { FileTree } from '../../wx/files/service-tree.ts';
import type { Canvases } from '../canvas.ts';
import type { EventChannel } from '../event-channel.ts';
import type { Page } from '../pages.ts';
import type { Reporter } from '../reporter.ts';
import type { NodeInstances } from '../selector-query.ts';
import type { ApiHelper } from './api.ts';

/** What the logic layer gives to the functions of `wx`. */
export interface LogicLayer {
  invoke: Invoke;
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
  /** Sources of the scripts of the main package, by their paths. */
  modules(): Readonly<Record<string, string>>;
}

/** What a service half stands on. */
export interface WxContext extends LogicLayer {
  api: ApiHelper;
  events: WxEvents;
  /** The user folder. */
  readonly files: FileTree;
  /** Id of the page that is shown. @throws ApiFailure when there is none */
  pageId(): number;
  /** Whether Sparrow has this function of `wx`. */
  has(name: string): boolean;
}

/** Listeners of `wx.onX` / `wx.offX` by event name without `on`. */
export interface WxEvents {
  on(event: string, listener: (data: unknown) => void): void;
  /** Without a listener all are removed, as in WeChat. */
  off(event: string, listener?: (data: unknown) => void): void;
  /** A listener of our own: a program's `off` does not take it away, and it hears before the program does. */
  watch(event: string, listener: (data: unknown) => void): void;
  /** Ends it. */
  unwatch(event: string, listener: (data: unknown) => void): void;
  emit(event: string, data: unknown): void;
  /** What was told last of an event; undefined when nothing was. */
  last(event: string): unknown;
}

export function createEvents(reporter: Reporter): WxEvents {
  const listeners = new Map<string, ((data: unknown) => void)[]>();
  const told = new Map<string, unknown>();
  const watchers = new Map<string, Set<(data: unknown) => void>>();
  return {
    watch(event, listener) {
      watchers.set(event, (watchers.get(event) ?? new Set()).add(listener));
    },
    unwatch: (event, listener) => void watchers.get(event)?.delete(listener),
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
    last: (event) => told.get(event),
    emit(event, data) {
      told.set(event, data);
      for (const listener of watchers.get(event) ?? []) listener(data);
      for (const listener of listeners.get(event) ?? []) reporter.guard(`wx.on${event}`, () => listener(data));
    },
  };
}
