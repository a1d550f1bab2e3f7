import { shouldBe } from '../../service/wx/api.ts';
import type { WxContext } from '../../service/wx/context.ts';
import { type Definition, serviceWith, syncFunction, value } from '../../service/wx/define.ts';

interface State extends WxContext {
  /** When the domain was made, in milliseconds UTC. */
  started: number;
}

const report = (api: string): Definition<State> =>
  syncFunction(({ invoke }, event: unknown, data: unknown) => {
    if (typeof event !== 'string') throw shouldBe('String', event);
    void invoke('report', { event, data: { api, data } }).catch(() => {});
  });
const listeners = (...names: string[]): Record<string, () => void> =>
  Object.fromEntries(names.map((name) => [name, () => {}]));

/** Reports, logs, performance, updates: what a program does for those who look after it. */
export const developerService = serviceWith((wx): State => ({ ...wx, started: performance.now() }), {
  reportEvent: report('reportEvent'),
  reportAnalytics: report('reportAnalytics'),
  reportMonitor: report('reportMonitor'),
  getLogManager: value(({ reporter: { console } }) => () => ({
    debug: (...args: unknown[]) => console.debug(...args),
    info: (...args: unknown[]) => console.info(...args),
    log: (...args: unknown[]) => console.log(...args),
    warn: (...args: unknown[]) => console.warn(...args),
  })),
  getRealtimeLogManager: value(({ reporter: { console } }) => () => {
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
  }),
  getPerformance: value(({ started }) => () => ({
    now: () => performance.now() - started,
    getEntries: () => [],
    getEntriesByName: () => [],
    getEntriesByType: () => [],
    setBufferSize: () => {},
    createObserver: () => listeners('observe', 'disconnect'),
  })),
  getUpdateManager: value(({ reporter }) => () => ({
    // What is shown is always the newest: live reload brings the rest.
    onCheckForUpdate: (listener: (result: { hasUpdate: boolean }) => void) => {
      setTimeout(() => reporter.guard('UpdateManager.onCheckForUpdate', () => listener?.({ hasUpdate: false })), 0);
    },
    ...listeners('onUpdateReady', 'onUpdateFailed', 'applyUpdate'),
  })),
});
