import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { BUILTIN_COMPONENTS } from '@sparrow/protocol';
import type { Browser } from 'playwright-core';
import { launchBrowser } from './browser.ts';
import { type CheckPhone, openPhone, type Sighting } from './check-phone.ts';
import type { CheckOptions, CheckReport } from './check-report.ts';
import { contactSheet } from './check-sheet.ts';

/** A phone is put away after so many pages: what they left behind adds up. */
const LOOKS_PER_PHONE = 40;

/**
 * Opens every page of a mini program in a headless browser. Never hangs: each page has a limit, and a broken tab is
 * replaced.
 *
 * Pages share a phone, which is much faster than a start for each. A page is found fault with only on a phone that was
 * started for it, and a phone on which anything went wrong is used no more: no page answers for another one.
 */
export async function checkPages(given: CheckOptions): Promise<CheckReport> {
  const { manifest, screenshots, sheet } = given;
  const pictures = screenshots !== undefined ? 'png' : sheet !== undefined ? 'jpeg' : undefined;
  const options: CheckOptions = { ...given, ...(pictures && { pictures }) };
  if (screenshots !== undefined) await mkdir(screenshots, { recursive: true });
  const paths = [...manifest.app.pages];
  const sightings = new Map<string, Sighting>();
  const queue = [...paths];
  const names = fileNames(paths);
  const browser = await launchBrowser({ ownSignals: true });
  const numbers = { phones: 0 };
  const end = endOf(browser, given.signal);
  try {
    const work = async (): Promise<void> => {
      const looker = createLooker(browser, options, () => `check-${numbers.phones++}`);
      for (let path = queue.shift(); path !== undefined && end.reason === undefined; path = queue.shift()) {
        const sighting = await looker.look(path);
        // Without its browser a page was not looked at, whatever came of it.
        if (end.reason !== undefined) return;
        sightings.set(path, sighting);
        if (screenshots !== undefined && sighting.picture) {
          sighting.page.screenshot = join(screenshots, names.get(path) ?? '');
          await writeFile(sighting.page.screenshot, sighting.picture);
          if (sheet === undefined) delete sighting.picture;
        }
        options.onPage?.(sighting.page, sightings.size, paths.length);
      }
      await looker.close();
    };
    const workers = options.workers ?? Math.min(4, availableParallelism());
    const all = Promise.all(Array.from({ length: Math.max(1, Math.min(workers, paths.length)) }, work));
    await Promise.race([all, end.came]).catch((error: unknown) => {
      if (end.reason === undefined) throw error;
    });
    // Those that are still at work fail with the browser, and nobody asks them any more.
    all.catch(() => {});
  } finally {
    end.forget();
    await browser.close().catch(() => {});
  }
  const seen = paths.flatMap((path) => sightings.get(path) ?? []);
  const report = summary(options, seen);
  const unseen = paths.filter((path) => !sightings.has(path));
  if (end.reason !== undefined && unseen.length > 0) report.unfinished = { reason: end.reason, pages: unseen };
  if (sheet !== undefined && pictures)
    await writeFile(
      sheet,
      contactSheet(
        report,
        new Map(seen.map(({ page, picture }) => [page.path, picture])),
        pictures,
        given.language ?? 'en',
      ),
    );
  return report;
}

type Reason = NonNullable<CheckReport['unfinished']>['reason'];

/** What may end a check before its last page: the caller, or the end of the browser itself. */
function endOf(browser: Browser, signal: AbortSignal | undefined) {
  let reason: Reason | undefined;
  const came = Promise.withResolvers<void>();
  const over = (why: Reason): void => {
    reason ??= why;
    came.resolve();
  };
  const onAbort = (): void => over('interrupted');
  const onDisconnect = (): void => over('browser-died');
  browser.on('disconnected', onDisconnect);
  signal?.addEventListener('abort', onAbort);
  if (signal?.aborted) onAbort();
  return {
    came: came.promise,
    /** A browser that is gone is noticed here, too, before its event comes. */
    get reason(): Reason | undefined {
      if (!browser.isConnected()) reason ??= 'browser-died';
      return reason;
    },
    forget(): void {
      browser.off('disconnected', onDisconnect);
      signal?.removeEventListener('abort', onAbort);
    },
  };
}

/** Looks at one page after the other, on the same phone while it is whole. */
function createLooker(browser: Browser, options: CheckOptions, nextUser: () => string) {
  const { manifest } = options;
  let phone: CheckPhone | undefined;
  const close = async (): Promise<void> => {
    const old = phone;
    phone = undefined;
    await old?.close();
  };
  const lookOnce = async (path: string): Promise<Sighting> => {
    phone ??= await openPhone(browser, options, nextUser());
    const sighting = await phone.look(path);
    if (!sighting.healthy || phone.looks >= LOOKS_PER_PHONE) await close();
    return sighting;
  };
  /** An independent subpackage starts without the app, and a page that does not compile has its errors over it. */
  const needsOwn = (path: string): boolean =>
    manifest.broken[path] !== undefined ||
    manifest.packages.some(({ independent, pages }) => independent && pages.includes(path));

  return {
    close,
    async look(path: string): Promise<Sighting> {
      const own = needsOwn(path);
      if (own) await close();
      const shared = phone !== undefined;
      let sighting = await lookOnce(path);
      // Whatever is wrong may come from the pages before.
      if (shared && !sighting.healthy) sighting = await lookOnce(path);
      if (own) await close();
      return sighting;
    },
  };
}

function summary({ project, mode }: CheckOptions, seen: readonly Sighting[]): CheckReport {
  const pages = seen.map(({ page }) => page);
  const count = (key: 'compiled' | 'rendered' | 'clean'): number => pages.filter((page) => page[key]).length;
  const sorted = (lists: string[][]): string[] => [...new Set(lists.flat())].sort();
  const tags = sorted(seen.map((sighting) => sighting.tags));
  return {
    project,
    mode,
    pages,
    summary: { pages: pages.length, compiled: count('compiled'), rendered: count('rendered'), clean: count('clean') },
    apis: { used: sorted(seen.map(({ apis }) => apis.used)), missing: sorted(seen.map(({ apis }) => apis.missing)) },
    components: { used: tags, missing: tags.filter((tag) => !BUILTIN_COMPONENTS[tag]) },
  };
}

/** `pages/a/a` → `pages_a_a.png`; pages whose names would be one get a number. */
function fileNames(paths: readonly string[]): Map<string, string> {
  const taken = new Set<string>();
  return new Map(
    paths.map((path) => {
      const name = path.replaceAll('/', '_');
      let file = `${name}.png`;
      for (let number = 2; taken.has(file); number++) file = `${name}-${number}.png`;
      taken.add(file);
      return [path, file];
    }),
  );
}
