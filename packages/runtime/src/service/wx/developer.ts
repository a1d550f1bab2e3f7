import { ApiFailure, createApiHelper, kindOf } from './api.ts';
import type { WxDomain } from './context.ts';

/** Reports, logs, performance, updates: what a program does for those who look after it. */
export const developerDomain: WxDomain = (context) => {
  const api = createApiHelper(context.reporter);
  const { console } = context.reporter;
  const started = Date.now();

  const report = (name: string) => (event: unknown, data: unknown) => {
    if (typeof event !== 'string')
      throw new ApiFailure(`parameter error: parameter should be String instead of ${kindOf(event)};`);
    void context.invoker.invoke('report', { event, data: { api: name, data } }).catch(() => {});
  };
  const listeners = (...names: string[]): Record<string, () => void> =>
    Object.fromEntries(names.map((name) => [name, () => {}]));

  return {
    reportEvent: api.sync('reportEvent', report('reportEvent')),
    reportAnalytics: api.sync('reportAnalytics', report('reportAnalytics')),
    reportMonitor: api.sync('reportMonitor', report('reportMonitor')),
    getLogManager: () => ({
      debug: (...args: unknown[]) => console.debug(...args),
      info: (...args: unknown[]) => console.info(...args),
      log: (...args: unknown[]) => console.log(...args),
      warn: (...args: unknown[]) => console.warn(...args),
    }),
    getRealtimeLogManager: () => {
      const filters: string[] = [];
      const tagged = (tag: string) => ({
        info: (...args: unknown[]) => console.info(...(tag ? [`[${tag}]`] : []), ...args),
        warn: (...args: unknown[]) => console.warn(...(tag ? [`[${tag}]`] : []), ...args),
        error: (...args: unknown[]) => console.error(...(tag ? [`[${tag}]`] : []), ...args),
        setFilterMsg: (text: string) => void filters.splice(0, filters.length, text),
        addFilterMsg: (text: string) => void filters.push(text),
      });
      return {
        ...tagged(''),
        in: () => {},
        tag: tagged,
        getCurrentState: () => ({ size: 0, maxSize: 5120, logCount: 0, maxLogCount: 2000 }),
      };
    },
    getPerformance: () => ({
      now: () => Date.now() - started,
      getEntries: () => [],
      getEntriesByName: () => [],
      getEntriesByType: () => [],
      setBufferSize: () => {},
      createObserver: () => listeners('observe', 'disconnect'),
    }),
    getUpdateManager: () => ({
      // What is shown is always the newest: live reload brings the rest.
      onCheckForUpdate: (listener: (result: { hasUpdate: boolean }) => void) => {
        setTimeout(
          () => context.reporter.guard('UpdateManager.onCheckForUpdate', () => listener?.({ hasUpdate: false })),
          0,
        );
      },
      ...listeners('onUpdateReady', 'onUpdateFailed', 'applyUpdate'),
    }),
  };
};
