import type { PhoneLook } from '@sparrow/protocol';
import type { LogEntry, ProblemEntry, ReportEntry, Surroundings } from '@sparrow/runtime/native';
import type { Phone } from './phone.ts';

/** The handle on the phone's window, for the console, `check` and tests. */
export interface PhoneHandle {
  phone: Phone | undefined;
  /** Position, battery, sensors: what the phone senses, to be read and set. */
  readonly surroundings: Surroundings;
  /** Settles when the last start or live reload is through. */
  ready: Promise<void>;
  problems: ProblemEntry[];
  logs: LogEntry[];
  reports: ReportEntry[];
  /** `path` of every page that became ready, with its error if it could not. */
  readyPages: { pageId: number; path: string; error?: string }[];
  /** Why the mini program could not start. */
  failure: string | undefined;
  failedRequests: { url: string; error: string }[];
  /** Closes all pages and opens this one in the same running program; what was noted of the others is forgotten. */
  relaunch(path: string): void;
  /** Whether this page has become ready, or never will. */
  settled(path: string): boolean;
  look(path: string): Promise<PhoneLook>;
}

declare global {
  interface Window {
    sparrow: PhoneHandle;
  }
}

/** What is on the screen besides pages and their frames. */
const COVERS = '.screen > :not(.page, iframe)';

/** The logic layer may be busy for ever; its answer is waited for this long. Milliseconds. */
const ANSWER_MS = 2_000;

export function createHandle(surroundings: Surroundings): PhoneHandle {
  const handle: PhoneHandle = {
    phone: undefined,
    surroundings,
    ready: Promise.resolve(),
    problems: [],
    logs: [],
    reports: [],
    readyPages: [],
    failure: undefined,
    failedRequests: [],
    relaunch(path) {
      for (const list of [handle.problems, handle.readyPages, handle.failedRequests]) list.length = 0;
      handle.phone?.navigate(path);
    },
    settled: (path) =>
      handle.failure !== undefined ||
      handle.readyPages.some((page) => page.path === path) ||
      redirected(path) !== undefined,
    async look(path) {
      const { phone } = handle;
      const shown = redirected(path);
      const entry = handle.readyPages.find((page) => page.path === (shown ?? path));
      const nothing = { used: [], missing: [] };
      const asked = phone?.evaluate('(env) => env.apiUse()', []) as Promise<PhoneLook['apis']> | undefined;
      const late = new Promise<PhoneLook['apis']>((resolve) => setTimeout(() => resolve(nothing), ANSWER_MS));
      return {
        pageId: phone?.pages().find((page) => page.path === (shown ?? path))?.id ?? 0,
        ...(shown !== undefined && { redirected: shown }),
        ready: entry !== undefined && entry.error === undefined,
        failure: handle.failure,
        problems: handle.problems.map(({ kind, code, message }) => ({ kind, code, message })),
        pageErrors: handle.readyPages.flatMap((page) => (page.path === path && page.error ? [page.error] : [])),
        failedRequests: handle.failedRequests,
        covered: document.querySelector(COVERS) !== null,
        apis: asked ? await Promise.race([asked.catch(() => nothing), late]) : nothing,
      };
    },
  };
  /** The page that took the place of this one, when it sent the user on (to a login, say) and that one is ready. */
  function redirected(path: string): string | undefined {
    const pages = handle.phone?.pages() ?? [];
    const top = pages.at(-1);
    if (!top || pages.some((page) => page.path === path)) return undefined;
    return handle.readyPages.some((page) => page.pageId === top.id) ? top.path : undefined;
  }
  return handle;
}
