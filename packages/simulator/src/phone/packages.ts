import type { PackageManifest, ServiceBundle, StyleBundle } from '@sparrow/protocol';
import { encodePath } from '@sparrow/runtime/bridge';
import { configsOf, fetchJson, fetchManifest, prefix, rootsFor, stylesFor } from './package-files.ts';

/** The packages of one running program, as the simulator's server has them. */
export interface Packages {
  readonly manifest: PackageManifest;
  readonly id: string;
  /** Address below which the files of the package are. */
  assetBase(): string;
  loadStyles(root: string): Promise<StyleBundle>;
  /** Scripts and templates. */
  loadService(root: string): Promise<ServiceBundle>;
  /** The sheets that a page can use, those of its components among them. */
  stylesOf(path: string): Promise<StyleBundle>;
  /**
   * Takes another version of the same program.
   *
   * @returns the roots that were loaded, and the sheets that they have now
   * @throws Error when components or settings of pages differ: they cannot be exchanged under a living page
   */
  exchange(id: string): Promise<{ roots: string[]; styles: StyleBundle }>;
}

/** @param base address of the packages, e.g. `/simulator/package` */
export async function openPackages(base: string, token: string): Promise<Packages> {
  let manifest = await fetchManifest(base, token);
  let { id } = manifest;
  const styles = new Map<string, StyleBundle>();
  const address = (): string => `${base}/${id}`;

  async function loadStyles(root: string): Promise<StyleBundle> {
    const known = styles.get(root);
    if (known) return known;
    const bundle = await fetchJson<StyleBundle>(`${address()}/${encodePath(prefix(root))}styles.json`);
    styles.set(root, bundle);
    return bundle;
  }

  return {
    get manifest() {
      return manifest;
    },
    get id() {
      return id;
    },
    assetBase: () => new URL(`${address()}/files`, location.href).href,
    loadStyles,
    loadService: (root) => fetchJson<ServiceBundle>(`${address()}/${encodePath(prefix(root))}service.json`),
    async stylesOf(path) {
      const bundles = await Promise.all(rootsFor(manifest, path).map(loadStyles));
      const all: StyleBundle = Object.assign({}, ...bundles);
      return stylesFor(manifest, all, path);
    },
    async exchange(nextId) {
      id = nextId;
      const next = await fetchJson<PackageManifest>(`${address()}/manifest.json`);
      if (JSON.stringify(configsOf(manifest)) !== JSON.stringify(configsOf(next)))
        throw new Error('the pages are set up anew');
      manifest = next;
      const roots = [...styles.keys()];
      styles.clear();
      return { roots, styles: Object.assign({}, ...(await Promise.all(roots.map(loadStyles)))) as StyleBundle };
    },
  };
}
