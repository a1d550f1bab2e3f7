import type { Phrase } from '@sparrow/core';
import {
  type AppConfig,
  type Diagnostic,
  NETWORK_TIMEOUT_DEFAULT_MS,
  type SubpackageInfo,
  type TabBarConfig,
  type TabBarItem,
  WINDOW_DEFAULTS,
  type WindowConfig,
} from '@sparrow/protocol';
import { createDiagnostic } from '../diagnostics.ts';
import { isInside, join, resolvePath } from '../paths.ts';
import { phrase } from '../phrase.ts';
import { isObject, type JsonFile, type JsonObject, stringsOf } from './json-file.ts';

/** A page with the place in app.json that lists it. */
export interface PageEntry {
  path: string;
  root: string;
  offset: number;
}

export interface AppResult {
  config: AppConfig;
  pages: PageEntry[];
  /** Main package first; sizes are still 0. */
  packages: SubpackageInfo[];
  diagnostics: Diagnostic[];
}

/** Keys that AppConfig has fields for; the rest goes into `raw`. */
const KNOWN_KEYS = new Set([
  'pages',
  'subPackages',
  'subpackages',
  'entryPagePath',
  'window',
  'tabBar',
  'darkmode',
  'networkTimeout',
  'permission',
]);

/** Checks app.json and fills in the defaults. `theme` is the file of `themeLocation`. */
export function readAppConfig(app: JsonFile, theme: JsonFile | undefined): AppResult {
  const diagnostics = [...app.diagnostics, ...(theme?.diagnostics ?? [])];
  const report = (path: (string | number)[], message: Phrase, hint: Phrase) =>
    void diagnostics.push(
      createDiagnostic(app.source, { code: 'CONFIG_INVALID', message, hint, at: app.offsetOf(path) }),
    );
  const { value } = app;
  const { pages, packages } = readPages(app, report);
  const paths = pages.map((page) => page.path);
  const tabBar = readTabBar(value.tabBar, paths, report);
  const entry = typeof value.entryPagePath === 'string' ? trimSlashes(value.entryPagePath) : (paths[0] ?? '');
  if (paths.length > 0 && !paths.includes(entry)) {
    report(['entryPagePath'], phrase`entryPagePath ${entry} is not a page`, phrase`name one of the pages of app.json`);
  }
  const raw = Object.fromEntries(Object.entries(value).filter(([key]) => !KNOWN_KEYS.has(key)));
  const config: AppConfig = {
    entryPagePath: paths.includes(entry) ? entry : (paths[0] ?? ''),
    pages: paths,
    window: { ...WINDOW_DEFAULTS, ...readWindow(value.window) },
    ...(tabBar && { tabBar }),
    darkmode: value.darkmode === true,
    ...(theme && { themes: { light: stringsOf(theme.value.light), dark: stringsOf(theme.value.dark) } }),
    networkTimeout: readTimeouts(value.networkTimeout),
    ...(isObject(value.permission) && { permission: value.permission }),
    raw,
  };
  return { config, pages, packages, diagnostics };
}

type Report = (path: (string | number)[], message: Phrase, hint: Phrase) => void;

function readPages(app: JsonFile, report: Report): { pages: PageEntry[]; packages: SubpackageInfo[] } {
  const { value } = app;
  const pages: PageEntry[] = [];
  const seen = new Set<string>();
  const packages: SubpackageInfo[] = [{ root: '', independent: false, pages: [], size: 0 }];
  const add = (list: unknown, info: SubpackageInfo, at: (string | number)[]) => {
    if (!Array.isArray(list)) {
      report(at, phrase`a list of pages is missing`, phrase`write "pages": ["pages/index/index"]`);
      return;
    }
    list.forEach((item: unknown, index) => {
      const place = [...at, index];
      // The object form { "path": … } is what some frameworks and old projects write.
      const text = isObject(item) ? item.path : item;
      const path = typeof text === 'string' ? resolvePath(info.root, trimSlashes(text)) : undefined;
      if (!path) report(place, phrase`a page must be a path inside the project`, phrase`write the path without suffix`);
      else if (seen.has(path)) report(place, phrase`page ${path} is listed twice`, phrase`remove one of the two`);
      else {
        seen.add(path);
        info.pages.push(path);
        pages.push({ path, root: info.root, offset: app.offsetOf(place) });
      }
    });
  };
  add(value.pages, packages[0]!, ['pages']);
  for (const key of ['subPackages', 'subpackages']) {
    const list = value[key];
    if (!Array.isArray(list)) continue;
    list.forEach((item: unknown, index) => {
      const root = isObject(item) && typeof item.root === 'string' ? resolvePath('', item.root) : undefined;
      if (!isObject(item) || !root) {
        report([key, index], phrase`a subpackage needs a "root" inside the project`, phrase`name its folder in "root"`);
        return;
      }
      const info: SubpackageInfo = {
        root,
        ...(typeof item.name === 'string' && { name: item.name }),
        independent: item.independent === true,
        pages: [],
        size: 0,
      };
      packages.push(info);
      add(item.pages ?? [], info, [key, index, 'pages']);
    });
  }
  // A page listed under "pages" although it lies in a subpackage's folder belongs to that subpackage.
  for (const page of pages) page.root = rootOf(page.path, packages);
  return { pages, packages };
}

/** Root of the package that holds a path: the longest subpackage root that it lies in. */
export function rootOf(path: string, packages: readonly SubpackageInfo[]): string {
  let best = '';
  for (const { root } of packages) if (root.length > best.length && isInside(path, root)) best = root;
  return best;
}

const WINDOW_TYPES = Object.entries(WINDOW_DEFAULTS).map(([key, value]) => [key, typeof value] as const);

/** The window settings of an object, those of app.json's `window` or of a page's JSON; wrong types are left out. */
export function readWindow(value: unknown): Partial<WindowConfig> {
  if (!isObject(value)) return {};
  const known = WINDOW_TYPES.flatMap(([key, type]) => {
    const setting = value[key];
    if (typeof setting === type) return [[key, setting] as const];
    // "true" and "50" are frequent in real projects, and the original accepts them.
    if (type === 'boolean' && (setting === 'true' || setting === 'false')) return [[key, setting === 'true'] as const];
    if (type === 'number' && typeof setting === 'string' && setting !== '' && Number.isFinite(Number(setting))) {
      return [[key, Number(setting)] as const];
    }
    return [];
  });
  return Object.fromEntries(known) as Partial<WindowConfig>;
}

function readTabBar(value: unknown, pages: string[], report: Report): TabBarConfig | undefined {
  if (!isObject(value)) return undefined;
  const list: TabBarItem[] = [];
  (Array.isArray(value.list) ? value.list : []).forEach((item: unknown, index) => {
    const path = isObject(item) && typeof item.pagePath === 'string' ? trimSlashes(item.pagePath) : '';
    if (!isObject(item) || !pages.includes(path)) {
      report(
        ['tabBar', 'list', index],
        phrase`tab ${path || index} is not a page`,
        phrase`list its pagePath under "pages" too`,
      );
      return;
    }
    list.push({
      pagePath: path,
      text: text(item.text, ''),
      ...(typeof item.iconPath === 'string' && { iconPath: trimSlashes(item.iconPath) }),
      ...(typeof item.selectedIconPath === 'string' && { selectedIconPath: trimSlashes(item.selectedIconPath) }),
    });
  });
  return {
    color: text(value.color, '#7a7e83'),
    selectedColor: text(value.selectedColor, '#3cc51f'),
    backgroundColor: text(value.backgroundColor, '#ffffff'),
    borderStyle: value.borderStyle === 'white' ? 'white' : 'black',
    position: value.position === 'top' ? 'top' : 'bottom',
    custom: value.custom === true,
    list,
  };
}

function readTimeouts(value: unknown): AppConfig['networkTimeout'] {
  const from: JsonObject = isObject(value) ? value : {};
  const of = (key: string) => {
    const ms = from[key];
    return typeof ms === 'number' && ms > 0 ? ms : NETWORK_TIMEOUT_DEFAULT_MS;
  };
  return {
    request: of('request'),
    connectSocket: of('connectSocket'),
    uploadFile: of('uploadFile'),
    downloadFile: of('downloadFile'),
  };
}

function text(value: unknown, fallback: string): string {
  return typeof value === 'string' ? value : fallback;
}

/** `/pages/a/` → `pages/a`, `./pages/a` → `pages/a`. */
function trimSlashes(path: string): string {
  return resolvePath('', path) ?? path;
}

/** Project path of the file that `themeLocation` names. */
export function themePath(app: JsonFile): string | undefined {
  const { themeLocation } = app.value;
  return typeof themeLocation === 'string' ? resolvePath('', join('', themeLocation)) : undefined;
}
