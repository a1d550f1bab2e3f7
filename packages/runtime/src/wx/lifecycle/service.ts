import { ApiFailure, shouldBe } from '../../service/wx/api.ts';
import type { WxContext } from '../../service/wx/context.ts';
import { asyncFunction, eventPair, serviceWith, syncFunction, value } from '../../service/wx/define.ts';
import { anything, list, object, optional, text } from '../schema.ts';

/** The time one idle callback may take; a frame lasts no longer. Milliseconds. */
const IDLE_MS = 15;
/** A timer that comes later than this shows that something else has run. Milliseconds. */
const BUSY_MS = 8;

type IdleCallback = (deadline: { didTimeout: boolean; timeRemaining(): number }) => void;

/** Runs callbacks when the logic layer has nothing else to do. */
function createIdle({ reporter }: WxContext) {
  const timers = new Map<number, ReturnType<typeof setTimeout>>();
  let lastId = 0;
  return {
    request(callback: unknown, options?: { timeout?: unknown }): number {
      if (typeof callback !== 'function') throw shouldBe('Function', callback);
      const id = ++lastId;
      const asked = performance.now();
      const limit = typeof options?.timeout === 'number' && options.timeout > 0 ? options.timeout : Infinity;
      const wait = (): void => {
        const set = performance.now();
        timers.set(
          id,
          setTimeout(() => {
            const now = performance.now();
            const didTimeout = now - asked >= limit;
            if (now - set > BUSY_MS && !didTimeout) return wait();
            timers.delete(id);
            const timeRemaining = (): number => Math.max(0, IDLE_MS - (performance.now() - now));
            reporter.guard('wx.requestIdleCallback', () => (callback as IdleCallback)({ didTimeout, timeRemaining }));
          }, 1),
        );
      };
      wait();
      return id;
    },
    cancel(id: unknown): void {
      clearTimeout(timers.get(id as number));
      timers.delete(id as number);
    },
  };
}

/** Skyline programs are drawn by the web view. */
const SKYLINE = { isSupported: false, version: '', reason: 'client not supported' } as const;

/** The life of the app between its pages: routes that are heard, idle time, what is loaded ahead. */
export const lifecycleService = serviceWith((wx) => ({ wx, idle: createIdle(wx) }), {
  requestIdleCallback: syncFunction(({ idle }, callback: unknown, options?: { timeout?: unknown }) =>
    idle.request(callback, options),
  ),
  cancelIdleCallback: value(
    ({ idle }) =>
      (id: unknown) =>
        idle.cancel(id),
  ),
  ...eventPair('BeforeAppRoute'),
  ...eventPair('AppRoute'),
  ...eventPair('AppRouteDone'),
  ...eventPair('BeforePageLoad'),
  ...eventPair('AfterPageLoad'),
  ...eventPair('BeforePageUnload'),
  ...eventPair('AfterPageUnload'),
  ...eventPair('LazyLoadError'),
  getSkylineInfo: asyncFunction({}, () => ({ ...SKYLINE })),
  getSkylineInfoSync: value(() => () => ({ ...SKYLINE })),
  getRendererUserAgent: value(({ wx }) => (options?: { success?: unknown; fail?: unknown; complete?: unknown }) => {
    // Its promise gives the text itself, its callbacks an object.
    const userAgent = `${navigator.userAgent} miniProgram/${wx.manifest().appid}`;
    if (!options?.success && !options?.fail && !options?.complete) return Promise.resolve(userAgent);
    wx.api.settle('getRendererUserAgent', options as never, Promise.resolve({ userAgent }));
    return undefined;
  }),
  // The phone has the frame of the next page ready by itself.
  preloadWebview: asyncFunction({}, () => {}),
  preloadSkylineView: asyncFunction({}, () => {
    throw new ApiFailure('skyline is not supported');
  }),
  preloadAssets: asyncFunction(
    { data: list(object({ type: text(), src: text() })) },
    async ({ wx: { invoke } }, { data }) => {
      for (const { type, src } of data) {
        if (type !== 'image' && type !== 'font') throw new ApiFailure(`invalid type "${type}"`);
        if (type === 'image') await invoke('getImageInfo', { src });
      }
    },
  ),
  reportPerformance: syncFunction(({ wx }, id: unknown, amount: unknown, dimensions?: unknown) => {
    if (typeof id !== 'number') throw shouldBe('Number', id, 'id');
    if (typeof amount !== 'number') throw shouldBe('Number', amount, 'value');
    const data = { api: 'reportPerformance', data: { value: amount, ...(dimensions !== undefined && { dimensions }) } };
    void wx.invoke('report', { event: String(id), data }).catch(() => {});
  }),
  // Packages are served by this machine: nothing is won by asking earlier, but a wrong name shows.
  preDownloadSubpackage: asyncFunction(
    { packageType: text(), root: optional(anything()) },
    ({ wx }, { packageType }) => {
      if (packageType !== 'workers') throw new ApiFailure(`invalid packageType "${packageType}"`);
      if (!wx.manifest().app.raw.workers) throw new ApiFailure('workers subpackage is not found');
    },
  ),
});
