import type { PackageManifest, StyleBundle } from '@sparrow/protocol';

/** What a phone loads of a runtime package, and how it finds its way in the manifest. */

export function packageOf(manifest: PackageManifest, path: string) {
  const root = manifest.components[path]?.root;
  return manifest.packages.find((entry) => entry.root === root);
}

export function configsOf({ components }: PackageManifest): unknown {
  return Object.entries(components).map(([path, { styleMarker: _marker, ...config }]) => [path, config]);
}

export const prefix = (root: string): string => (root ? `${root}/` : '');

/** The sheets a page can use: its own, app.wxss, and those of every component it can reach. */
export function stylesFor(manifest: PackageManifest, all: StyleBundle, path: string): StyleBundle {
  const chosen: StyleBundle = {};
  const visit = (component: string): void => {
    if (component in chosen) return;
    chosen[component] = all[component] ?? '';
    for (const target of Object.values(manifest.components[component]?.usingComponents ?? {})) visit(target);
  };
  chosen.app = all.app ?? '';
  visit(path);
  if (manifest.app.tabBar?.custom) visit('custom-tab-bar/index');
  return chosen;
}

/** Packages whose sheets a page can use: the main one, its own, and those of every component it can reach. */
export function rootsFor(manifest: PackageManifest, path: string): string[] {
  const seen = new Set<string>();
  const roots = new Set(['']);
  const waiting = [path];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const config = manifest.components[next];
    if (!config || seen.has(next)) continue;
    seen.add(next);
    roots.add(config.root);
    waiting.push(...Object.values(config.usingComponents));
  }
  return [...roots];
}

export async function fetchJson<T>(url: string): Promise<T> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return (await response.json()) as T;
}
/** The manifest of the package the server has now. */
export async function fetchManifest(url: string, token: string): Promise<PackageManifest> {
  const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
  if (!response.ok) throw new Error(await response.text());
  return (await response.json()) as PackageManifest;
}
