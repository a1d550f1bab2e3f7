import type { PackageManifest, ServiceBundle } from '@sparrow/protocol';
import type { Invoker } from '../bridge/index.ts';
import { partsOf, rootAbove, rootsOf } from './component-graph.ts';
import type { Framework, PageRoot } from './framework.ts';
import type { ModuleLoader } from './module-loader.ts';
import type { Reporter } from './reporter.ts';

export interface ProgramPackagesOptions {
  manifest(): PackageManifest;
  invoker: Invoker;
  reporter: Reporter;
  loader: ModuleLoader;
  framework: Framework;
  /** The main package is there: app.js may run, if it has not yet. */
  onMain(): void;
  /** A component was used whose package could not be had. */
  onLazyLoadError(root: string, error: unknown): void;
}

/** The packages of a program that are loaded, and the components that their scripts have defined. */
export interface ProgramPackages {
  /** Path of the page or component whose script runs; empty between them. */
  readonly defining: string;
  add(bundle: ServiceBundle): void;
  has(root: string): boolean;
  modulesOf(root: string): Record<string, string>;
  /** Loads the package that a file lies in. */
  loadAround(path: string): Promise<void>;
  /** Loads all packages that a page or component cannot do without. */
  ensurePackage(path: string): Promise<void>;
  /** Runs the scripts of a component and of those in it that have not been defined. */
  ensureComponents(path: string): void;
  /** The component that a placeholder stands for has been used. */
  bring(path: string): Promise<void>;
  /** Live reload: newer scripts and templates under the living pages. */
  exchange(bundles: Iterable<ServiceBundle>, roots: () => PageRoot[]): void;
}

export function createProgramPackages(options: ProgramPackagesOptions): ProgramPackages {
  const { manifest, invoker, reporter, loader, framework } = options;
  const bundles = new Map<string, ServiceBundle>();
  /** A package that several ask for at a time is loaded once; one that could not be had is asked for again. */
  const loading = new Map<string, Promise<void>>();
  let defining = '';

  function add(bundle: ServiceBundle): void {
    bundles.set(bundle.root, bundle);
    loader.add(bundle.modules);
    reporter.guard(`templates of ${bundle.root || 'the main package'}`, () => framework.addBundle(bundle));
  }

  function load(root: string): Promise<void> {
    if (bundles.has(root)) return Promise.resolve();
    const known = loading.get(root);
    if (known) return known;
    const coming = invoker
      .invoke('loadSubpackage', { root })
      .then(({ bundle }) => add(bundle))
      .finally(() => loading.delete(root));
    loading.set(root, coming);
    return coming;
  }

  async function ensurePackage(path: string): Promise<void> {
    const root = manifest().components[path]?.root ?? '';
    const info = manifest().packages.find((entry) => entry.root === root);
    if (!info?.independent) await load('');
    await load(root);
    // At once, or after an independent subpackage was opened first.
    if (bundles.has('')) options.onMain();
    for (const needed of rootsOf(manifest(), path)) await load(needed);
  }

  function ensureComponents(path: string, seen = new Set<string>()): void {
    if (seen.has(path)) return;
    seen.add(path);
    for (const part of partsOf(manifest(), path)) {
      const root = manifest().components[part.path]?.root ?? '';
      if (!part.later || bundles.has(root)) ensureComponents(part.path, seen);
    }
    if (framework.isDefined(path)) return;
    runScript(path);
    framework.defineEmpty(path);
  }

  function runScript(path: string): void {
    const module = `${path}.js`;
    const outer = defining;
    defining = path;
    if (loader.has(module)) reporter.guard(module, () => loader.require(module));
    defining = outer;
  }

  /** Which module uses which is not known, so all run again, but the app's own, whose state is to stay. */
  function runAgain(roots: PageRoot[]): void {
    loader.forgetAll((path) => path === 'app.js');
    framework.redefine(roots, () => {
      for (const path of Object.keys(manifest().components)) if (framework.isDefined(path)) runScript(path);
    });
  }

  return {
    get defining() {
      return defining;
    },
    add,
    has: (root) => bundles.has(root),
    modulesOf: (root) => bundles.get(root)?.modules ?? {},
    async loadAround(path) {
      const root = rootAbove(manifest(), path);
      if (root !== undefined) await load(root);
    },
    ensurePackage,
    ensureComponents: (path) => ensureComponents(path),
    async bring(path) {
      try {
        await ensurePackage(path);
      } catch (error) {
        options.onLazyLoadError(manifest().components[path]?.root ?? '', error);
        throw error;
      }
      ensureComponents(path);
    },
    exchange(newer, roots) {
      let scripts = false;
      const templates: ServiceBundle[] = [];
      for (const bundle of newer) {
        const before = bundles.get(bundle.root);
        if (!before) continue;
        bundles.set(bundle.root, bundle);
        scripts ||= JSON.stringify(before.modules) !== JSON.stringify(bundle.modules);
        if (before.templates !== bundle.templates) templates.push(bundle);
        loader.add(bundle.modules);
      }
      if (scripts) runAgain(roots());
      for (const bundle of templates) reporter.guard('templates', () => framework.updateTemplates(bundle, roots()));
    },
  };
}
