import { BUILTIN_COMPONENTS, type PhoneLook, type ViewLook } from '@sparrow/protocol';
import type { Browser, BrowserContext, ElementHandle, Page } from 'playwright-core';
import { within } from './check-patience.ts';
import {
  type CheckError,
  type CheckOptions,
  type CheckPage,
  compileErrors,
  findingsOf,
  problemsOf,
  unique,
} from './check-report.ts';

/** What was seen of one page, and whether the phone may be used for another one. */
export interface Sighting {
  page: CheckPage;
  apis: PhoneLook['apis'];
  tags: string[];
  picture?: Buffer;
  healthy: boolean;
}

/** One phone in a tab of its own, on which pages are opened one after the other. */
export interface CheckPhone {
  /** Pages that were looked at on it. */
  readonly looks: number;
  look(path: string): Promise<Sighting>;
  close(): Promise<void>;
}

const TEXT_LIMIT = 2_000;
/** Limit for opening one page on an idle machine, in milliseconds. */
const DEFAULT_LIMIT_MS = 15_000;
/** After a page is ready it gets this long to fetch, to set data and to fail, in milliseconds. */
const SETTLE_MS = 400;
/** A page that shows nothing by then gets this much more. */
const EMPTY_MS = 2_000;
/** Limit for one question to a page that is open, on an idle machine, in milliseconds. */
const LOOK_MS = 5_000;
/** A page that is late is looked for again for so long, on an idle machine, in milliseconds. */
const LATE_MS = 1_000;
/** Errors of one page that are kept. */
const ERROR_LIMIT = 50;
/** A picture is JPEG of this quality. */
const PICTURE_QUALITY = 70;

/** @param user name of the phone's user: its storage is its own */
export async function openPhone(browser: Browser, options: CheckOptions, user: string): Promise<CheckPhone> {
  const context = await browser.newContext({ viewport: { width: 393, height: 852 } });
  const tab = await context.newPage();
  const limit = options.pageTimeoutMs ?? DEFAULT_LIMIT_MS;
  // The limits are those of `within`, which know how busy the machine is.
  tab.setDefaultTimeout(0);
  let errors: CheckError[] = [];
  tab.on('pageerror', (error) => errors.push({ kind: 'runtime', code: 'HOST_ERROR', message: String(error) }));
  let looks = 0;

  /** The first page starts the program, the others are opened in it. */
  async function open(path: string): Promise<void> {
    if (looks++ > 0) {
      await tab.evaluate(`sparrow.relaunch(${JSON.stringify(path)})`);
    } else {
      const parameters = new URLSearchParams({
        token: options.token,
        user,
        mode: options.mode,
        page: path,
        // A picture shows the page; what broke in it stands in the report.
        errors: 'compile',
        findings: findingsOf(options.manifest, 'broken', path).join(','),
      });
      await tab.goto(`${options.phoneUrl}#${parameters}`, { waitUntil: 'commit' });
    }
    await tab.waitForFunction(`window.sparrow?.settled(${JSON.stringify(path)})`, undefined, { polling: 50 });
    await tab.waitForTimeout(SETTLE_MS);
  }

  /** A view that shows nothing yet may wait for its data. */
  async function viewOf(seen: PhoneLook): Promise<ViewLook | undefined> {
    if (!seen.pageId) return undefined;
    const until = performance.now() + EMPTY_MS;
    for (;;) {
      const view = await within(LOOK_MS, () => readView(tab, seen.pageId));
      if (!seen.ready || (view && shows(view)) || performance.now() > until) return view;
      await tab.waitForTimeout(200);
    }
  }

  async function look(path: string): Promise<Sighting> {
    errors = compileErrors(options.manifest, path);
    const page: CheckPage = {
      path,
      compiled: findingsOf(options.manifest, 'broken', path).length === 0,
      rendered: false,
      clean: false,
      elements: 0,
      text: '',
      ms: 0,
      errors,
    };
    const sighting: Sighting = { page, apis: { used: [], missing: [] }, tags: [], healthy: false };
    const started = performance.now();
    let seen: PhoneLook | undefined;
    try {
      const late = await within(limit, () => open(path)).catch((error: Error) => error);
      const ask = () => within(LOOK_MS, () => tab.evaluate<PhoneLook>(`sparrow.look(${JSON.stringify(path)})`));
      seen = await ask();
      // A script that held the phone up may be over by now: what waited behind it gets its turn.
      if (late && !seen.ready) seen = await within(LATE_MS, () => untilReady(ask)).catch(ask);
      const view = await viewOf(seen);
      seen = await ask();
      if (late && !seen.ready)
        errors.push({
          kind: 'runtime',
          code: 'PAGE_TIMEOUT',
          message: `${path} was not ready: ${firstLine(late.message)}`,
        });
      errors.push(...problemsOf(seen, options.ownHosts ?? []));
      if (seen.redirected !== undefined) page.redirected = seen.redirected;
      sighting.apis = seen.apis;
      if (view) {
        page.elements = view.elements;
        page.text = view.text.slice(0, TEXT_LIMIT);
        sighting.tags = view.tags.filter((tag) => tag in BUILTIN_COMPONENTS);
      }
      page.rendered = seen.ready && view !== undefined && shows(view);
      if (options.pictures)
        sighting.picture = await within(LOOK_MS, () =>
          tab.screenshot(options.pictures === 'png' ? {} : { type: 'jpeg', quality: PICTURE_QUALITY }),
        );
    } catch (error) {
      errors.push({ kind: 'runtime', code: 'CHECK_FAILED', message: firstLine((error as Error).message) });
    }
    page.errors = unique(errors).slice(0, ERROR_LIMIT);
    page.ms = Math.round(performance.now() - started);
    page.clean = page.compiled && page.rendered && page.errors.every((error) => error.kind === 'network');
    // What the compiler found is there on every phone: it says nothing about this one.
    const wentWell = page.rendered && page.errors.every(({ kind }) => kind === 'network' || kind === 'compile');
    sighting.healthy = wentWell && seen !== undefined && !seen.covered && seen.redirected === undefined;
    return sighting;
  }

  return {
    get looks() {
      return looks;
    },
    look,
    close: () => closeContext(context),
  };
}

/** A tab whose script never ends cannot close itself; the browser drops it with its process. */
async function closeContext(context: BrowserContext): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, 3_000)));
  await Promise.race([context.close(), late]).catch(() => {});
  clearTimeout(timer);
}

async function untilReady(ask: () => Promise<PhoneLook>): Promise<PhoneLook> {
  for (;;) {
    const seen = await ask();
    if (seen.ready) return seen;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const shows = (view: ViewLook): boolean => view.text.trim() !== '' || view.elements > 10 || view.picture;

async function readView(tab: Page, pageId: number): Promise<ViewLook | undefined> {
  const handle = await tab.evaluateHandle(`sparrow.phone?.viewFrame(${pageId}) ?? null`);
  const frame = await (handle.asElement() as ElementHandle | null)?.contentFrame();
  return frame?.evaluate<ViewLook>(`sparrowLook(${pageId})`);
}

const firstLine = (text: string): string => text.split('\n', 1)[0] ?? '';
