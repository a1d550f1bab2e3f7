import type { Language } from '@sparrow/core';
import {
  diagnosticIn,
  type FindingCode,
  type PackageManifest,
  type PhoneLook,
  type RuntimeMode,
} from '@sparrow/protocol';

export type CheckErrorKind = 'compile' | 'component' | 'api' | 'script' | 'runtime' | 'network';

export interface CheckError {
  kind: CheckErrorKind;
  code: FindingCode;
  message: string;
  /** The message in Chinese, where it is ours. */
  chinese?: string;
  file?: string;
}

/** What a user would see of one page. */
export interface CheckPage {
  path: string;
  /**
   * The page's own files and those of its components compile; what they name and cannot be found is among the errors.
   */
  compiled: boolean;
  /** onLoad and onReady ran, and the page shows text, a large picture or more than 10 elements. */
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
  /**
   * The page sent the user on before it was ready (to a login, say): what is reported is the page the user then sees.
   */
  redirected?: string;
}

export interface CheckReport {
  project: string;
  mode: RuntimeMode;
  pages: CheckPage[];
  summary: { pages: number; compiled: number; rendered: number; clean: number };
  apis: { used: string[]; missing: string[] };
  components: { used: string[]; missing: string[] };
  /** The check ended early: why, and the pages that were not looked at. */
  unfinished?: { reason: 'interrupted' | 'browser-died'; pages: string[] };
}

/** Numbers of the diagnostics of a page and of the components it uses, by one of the manifest's two lists. */
export function findingsOf(manifest: PackageManifest, list: 'broken' | 'faults', path: string): number[] {
  const seen = new Set<string>();
  const found = new Set<number>();
  const queue = [path];
  for (let component = queue.pop(); component !== undefined; component = queue.pop()) {
    if (seen.has(component)) continue;
    seen.add(component);
    for (const index of manifest[list][component] ?? []) found.add(index);
    queue.push(...Object.values(manifest.components[component]?.usingComponents ?? {}));
  }
  return [...found].filter((index) => manifest.diagnostics[index]?.severity === 'error').sort((a, b) => a - b);
}

export function compileErrors(manifest: PackageManifest, path: string): CheckError[] {
  return findingsOf(manifest, 'faults', path).flatMap((index) => {
    const item = manifest.diagnostics[index];
    if (!item) return [];
    const { code, message, file, line } = item;
    const chinese = diagnosticIn('zh', item).message;
    return [{ kind: 'compile' as const, code, message, chinese, file: line ? `${file}:${line}` : file }];
  });
}

/** What the phone noted while the page was open. */
export function problemsOf(seen: PhoneLook, ownHosts: readonly string[]): CheckError[] {
  const errors: CheckError[] = seen.problems.map(({ kind, code, message }) => ({ kind, code, message }));
  if (seen.failure) errors.push({ kind: 'runtime', code: 'START_FAILED', message: seen.failure });
  for (const message of seen.pageErrors) errors.push({ kind: 'runtime', code: 'PAGE_FAILED', message });
  for (const { url, error } of seen.failedRequests) {
    const own = ownHosts.includes(hostOf(url));
    errors.push({
      kind: own ? 'runtime' : 'network',
      code: own ? 'BACKEND_UNREACHABLE' : 'UNREACHABLE',
      message: `${url}: ${error}`,
    });
  }
  return errors;
}

export function unique(errors: readonly CheckError[]): CheckError[] {
  return [...new Map(errors.map((error) => [`${error.kind} ${error.code} ${error.message}`, error])).values()];
}

function hostOf(url: string): string {
  try {
    return new URL(url).host;
  } catch {
    return '';
  }
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
  /** File that shows the pictures of all pages: HTML that needs nothing else. */
  sheet?: string;
  /** Of the sheet; default English. */
  language?: Language;
  /** Take a picture of every page; set by `checkPages`. */
  pictures?: 'png' | 'jpeg';
  /** Phones at the same time; default one for each core, at most 4. */
  workers?: number;
  /** Limit for one page in milliseconds on an idle machine, default 15,000; a busy one gets more. */
  pageTimeoutMs?: number;
  /** Host names of the project's own backend: a failure to reach them is not the network's. */
  ownHosts?: readonly string[];
  /** Ends the check early; the report has what was seen so far. */
  signal?: AbortSignal;
  onPage?(page: CheckPage, done: number, total: number): void;
}
