import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  BUILTIN_COMPONENTS,
  type DiagnosticCode,
  type PackageManifest,
  type PhoneLook,
  type ProblemCode,
  type RuntimeMode,
  type ViewLook,
} from '@sparrow/protocol';
import type { Browser, ElementHandle, JSHandle, Page } from 'playwright-core';
import { launchBrowser } from './browser.ts';

export type CheckErrorKind = 'compile' | 'component' | 'api' | 'script' | 'runtime' | 'network';

export interface CheckError {
  kind: CheckErrorKind;
  code: DiagnosticCode | ProblemCode;
  message: string;
  file?: string;
}

/** What a user would see of one page. */
export interface CheckPage {
  path: string;
  /** The page's own files compile. */
  compiled: boolean;
  /** onLoad and onReady ran, and the page shows text or more than 10 elements. */
  rendered: boolean;
  /** Rendered without an error, network aside. */
  clean: boolean;
  /** Elements of the page's own view. */
  elements: number;
  /** Text of the page's own view, cut at 2,000 characters. */
  text: string;
  /** Milliseconds from opening to the end of the look. */
  ms: number;
  errors: CheckError[];
  screenshot?: string;
  /** The page sent the user on before it was ready (to a login, say): what is reported is the page the user then sees. */
  redirected?: string;
}

export interface CheckReport {
  project: string;
  mode: RuntimeMode;
  pages: CheckPage[];
  summary: { pages: number; compiled: number; rendered: number; clean: number };
  apis: { used: string[]; missing: string[] };
  components: { used: string[]; missing: string[] };
}

export interface CheckOptions {
  /** Name for the report. */
  project: string;
  manifest: PackageManifest;
  /** Address of the phone page, e.g. `http://127.0.0.1:7700/simulator/phone.html`, and its token. */
  phoneUrl: string;
  token: string;
  mode: RuntimeMode;
  /** Folder for one PNG a page. */
  screenshots?: string;
  /** Pages looked at at the same time; default 2. */
  workers?: number;
  /** Limit for one page in milliseconds; default 15,000. */
  pageTimeoutMs?: number;
  /** Host names of the project's own backend: a failure to reach them is not the network's. */
  ownHosts?: readonly string[];
  onPage?(page: CheckPage, done: number, total: number): void;
}

const TEXT_LIMIT = 2_000;
/** After a page is ready it gets this long to fetch, to set data and to fail, in milliseconds. */
const SETTLE_MS = 400;
/** Errors of one page that are kept. */
const ERROR_LIMIT = 50;

/** Opens every page of a mini program in a headless browser. Never hangs: each page has a limit, and a broken tab is replaced. */
export async function checkPages(options: CheckOptions): Promise<CheckReport> {
  const { manifest } = options;
  if (options.screenshots) await mkdir(options.screenshots, { recursive: true });
  const used = { apis: new Set<string>(), missing: new Set<string>(), tags: new Set<string>() };
  const paths = [...manifest.app.pages];
  const results = new Map<string, CheckPage>();
  const queue = [...paths.entries()];
  const browser = await launchBrowser();
  try {
    const work = async (): Promise<void> => {
      for (let next = queue.shift(); next; next = queue.shift()) {
        const [index, path] = next;
        const page = await lookAt(browser, options, path, index, used);
        results.set(path, page);
        options.onPage?.(page, results.size, paths.length);
      }
    };
    await Promise.all(Array.from({ length: Math.max(1, options.workers ?? 2) }, work));
  } finally {
    await browser.close().catch(() => {});
  }
  const pages = paths.map((path) => results.get(path) as CheckPage);
  const count = (key: 'compiled' | 'rendered' | 'clean'): number => pages.filter((page) => page[key]).length;
  const tags = [...used.tags].sort();
  return {
    project: options.project,
    mode: options.mode,
    pages,
    summary: { pages: pages.length, compiled: count('compiled'), rendered: count('rendered'), clean: count('clean') },
    apis: { used: [...used.apis].sort(), missing: [...used.missing].sort() },
    components: { used: tags, missing: tags.filter((tag) => !BUILTIN_COMPONENTS[tag]) },
  };
}

async function lookAt(
  browser: Browser,
  options: CheckOptions,
  path: string,
  index: number,
  used: { apis: Set<string>; missing: Set<string>; tags: Set<string> },
): Promise<CheckPage> {
  const { manifest } = options;
  const errors: CheckError[] = compileErrors(manifest, path);
  const result: CheckPage = {
    path,
    compiled: errors.length === 0,
    rendered: false,
    clean: false,
    elements: 0,
    text: '',
    ms: 0,
    errors,
  };
  const started = performance.now();
  const limit = options.pageTimeoutMs ?? 15_000;
  const context = await browser.newContext({ viewport: { width: 393, height: 852 } });
  const tab = await context.newPage();
  tab.setDefaultTimeout(limit);
  tab.on('pageerror', (error) => errors.push({ kind: 'runtime', code: 'HOST_ERROR', message: String(error) }));
  try {
    const parameters = new URLSearchParams({
      token: options.token,
      user: `check-${index}`,
      ahead: '0',
      mode: options.mode,
      page: path,
    });
    await within(limit, async () => {
      await tab.goto(`${options.phoneUrl}#${parameters}`, { waitUntil: 'commit' });
      await tab.waitForFunction(`window.sparrow?.settled(${JSON.stringify(path)})`, undefined, { polling: 50 });
      await tab.waitForTimeout(SETTLE_MS);
    }).catch((error: Error) =>
      errors.push({
        kind: 'runtime',
        code: 'PAGE_TIMEOUT',
        message: `${path} was not ready: ${firstLine(error.message)}`,
      }),
    );
    const seen = await within(5_000, () => tab.evaluate<PhoneLook>(`sparrow.look(${JSON.stringify(path)})`));
    {
      errors.push(...problemsOf(seen, options.ownHosts ?? []));
      if (seen.redirected !== undefined) result.redirected = seen.redirected;
      for (const name of seen.apis.used) used.apis.add(name);
      for (const name of seen.apis.missing) used.missing.add(name);
      const look = seen.pageId ? await within(5_000, () => readView(tab, seen.pageId)) : undefined;
      if (look) {
        result.elements = look.elements;
        result.text = look.text.slice(0, TEXT_LIMIT);
        for (const tag of look.tags) if (tag in BUILTIN_COMPONENTS) used.tags.add(tag);
      }
      result.rendered = seen.ready && (result.text.trim() !== '' || result.elements > 10);
    }
    if (options.screenshots) {
      const file = join(options.screenshots, `${path.replaceAll('/', '_')}.png`);
      await within(5_000, () => tab.screenshot({ path: file }));
      result.screenshot = file;
    }
  } catch (error) {
    errors.push({ kind: 'runtime', code: 'CHECK_FAILED', message: firstLine((error as Error).message) });
  } finally {
    // A tab whose script never ends cannot close itself; the browser drops it with its process.
    await Promise.race([context.close(), new Promise((resolve) => setTimeout(resolve, 3_000))]).catch(() => {});
  }
  result.errors = unique(errors).slice(0, ERROR_LIMIT);
  result.ms = Math.round(performance.now() - started);
  result.clean = result.compiled && result.rendered && result.errors.every((error) => error.kind === 'network');
  return result;
}

/** Errors in the files of the page and of the components it uses. */
function compileErrors(manifest: PackageManifest, path: string): CheckError[] {
  const seen = new Set<string>();
  const found = new Set<number>();
  const visit = (component: string): void => {
    if (seen.has(component)) return;
    seen.add(component);
    for (const index of manifest.broken[component] ?? []) found.add(index);
    for (const target of Object.values(manifest.components[component]?.usingComponents ?? {})) visit(target);
  };
  visit(path);
  return [...found].flatMap((index) => {
    const item = manifest.diagnostics[index];
    if (item?.severity !== 'error') return [];
    const { code, message, file, line } = item;
    return [{ kind: 'compile' as const, code, message, file: line ? `${file}:${line}` : file }];
  });
}

function problemsOf(seen: PhoneLook, ownHosts: readonly string[]): CheckError[] {
  const errors: CheckError[] = seen.problems.map(({ kind, code, message }) => ({ kind, code, message }));
  if (seen.failure) errors.push({ kind: 'runtime', code: 'START_FAILED', message: seen.failure });
  for (const message of seen.pageErrors) errors.push({ kind: 'runtime', code: 'PAGE_FAILED', message });
  for (const { url, error } of seen.failedRequests) {
    const host = hostOf(url);
    const own = ownHosts.includes(host);
    errors.push({
      kind: own ? 'runtime' : 'network',
      code: own ? 'BACKEND_UNREACHABLE' : 'UNREACHABLE',
      message: `${url}: ${error}`,
    });
  }
  return errors;
}

async function readView(tab: Page, pageId: number): Promise<ViewLook | undefined> {
  const handle: JSHandle<unknown> = await tab.evaluateHandle(`sparrow.phone?.viewFrame(${pageId}) ?? null`);
  const element = handle.asElement() as ElementHandle | null;
  const frame = await element?.contentFrame();
  return frame?.evaluate<ViewLook>(`sparrowLook(${pageId})`);
}

/** Rejects when the time is up. */
async function within<T>(ms: number, run: () => Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing for ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([run(), late]);
  } finally {
    clearTimeout(timer);
  }
}

function unique(errors: CheckError[]): CheckError[] {
  const seen = new Map(errors.map((error) => [`${error.kind} ${error.code} ${error.message}`, error]));
  return [...seen.values()];
}
const firstLine = (text: string): string => text.split('\n', 1)[0] ?? '';
function hostOf(url: string): string {
  try {
    return new URL(url).host;
  } catch {
    return '';
  }
}
