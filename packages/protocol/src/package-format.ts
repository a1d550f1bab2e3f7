/**
 * The runtime package: what the compiler makes of a project and the runtime loads.
 *
 * On disk and over HTTP it is a folder:
 * ```
 * manifest.json                 PackageManifest
 * <root>/service.json           ServiceBundle of the main package (root "") or of a subpackage
 * <root>/styles.json            StyleBundle
 * maps/<module>.map             source map v3 of a script
 * files/<path>                  images, fonts and other files, as they are
 * ```
 */
import type { AppConfig, WindowConfig } from './app-config.ts';
import type { Diagnostic } from './diagnostics.ts';

export const PACKAGE_FORMAT_VERSION = 1;

export interface PackageManifest {
  formatVersion: number;
  /** Content hash of the package (hex, 16 characters). */
  id: string;
  appid: string;
  name: string;
  app: AppConfig;
  /** Main package first, with root `""`. */
  packages: SubpackageInfo[];
  /** Pages and components by path without suffix, as used in usingComponents after resolution. */
  components: Record<string, ComponentConfig>;
  /** Pages and components that did not compile, with the numbers of their errors in `diagnostics`. */
  broken: Record<string, number[]>;
  /** Pages and components with errors, those that still have something to show among them; numbers as in `broken`. */
  faults: Record<string, number[]>;
  diagnostics: Diagnostic[];
  /** Paths of all files under `files/`, without the prefix. */
  files: string[];
  /** Plugins that app.json lists, by alias. */
  plugins: Record<string, PluginInfo>;
}

/** A plugin whose folder is known is part of the package, below `__plugin__/<appid>`. */
export interface PluginInfo {
  /** Its folder in the package; undefined when nobody said where its files are. */
  root?: string;
  /** Path of the module that `requirePlugin` gives, with suffix. */
  main?: string;
  /** Paths of its pages by their public names. */
  pages: Record<string, string>;
  /** Path of the module of the program that the plugin gets by `requireMiniProgram`, with suffix. */
  export?: string;
}

const PLUGIN_FOLDER = /^__plugin__\/[^/]+/;

/** Folder that a path with a leading slash starts from in a file of the package: a plugin counts from its own. */
export function rootOfFile(path: string): string {
  return PLUGIN_FOLDER.exec(path)?.[0] ?? '';
}

export interface SubpackageInfo {
  /** Folder without slashes at the ends; `""` for the main package. */
  root: string;
  name?: string;
  independent: boolean;
  pages: string[];
  /** Bytes of the files the package holds. */
  size: number;
}

export type StyleIsolation =
  | 'isolated'
  | 'apply-shared'
  | 'shared'
  | 'page-isolated'
  | 'page-apply-shared'
  | 'page-shared';

export interface ComponentConfig {
  /** False for a page whose JSON does not say `"component": true`. */
  component: boolean;
  /** True when it is listed as a page in app.json. */
  page: boolean;
  /** Root of the (sub)package that holds it. */
  root: string;
  /** Tag → resolved path; includes those of app.json. */
  usingComponents: Record<string, string>;
  componentPlaceholder: Record<string, string>;
  componentGenerics: Record<string, true | { default?: string }>;
  styleIsolation?: StyleIsolation;
  addGlobalClass?: boolean;
  pureDataPattern?: string;
  /** Class prefix of its style sheet, `""` when it is shared. */
  styleScope: string;
  /**
   * True when the sheet has selectors without a class: each element of the component then needs its `styleScope` in the
   * space-separated attribute `wx-scope`.
   */
  styleMarker?: boolean;
  /**
   * Value of `wx-host` that `:host` in the sheet selects, present when `styleScope` is empty and the sheet has `:host`;
   * otherwise the host element's `wx-host` is `styleScope`.
   */
  styleHost?: string;
  /** Only of pages: window settings of the page's own JSON. */
  window: Partial<WindowConfig>;
}

/** Scripts and templates of one (sub)package. */
export interface ServiceBundle {
  root: string;
  /** CommonJS source by module path with `.js`, as the body of `function (require, module, exports, …)`. */
  modules: Record<string, string>;
  /**
   * A JavaScript expression whose value maps a template path (without suffix) to the value `addCompiledTemplate` takes.
   */
  templates: string;
}

/** Compiled style sheets of one (sub)package by component path; `app` is that of app.wxss. */
export type StyleBundle = Record<string, string>;
