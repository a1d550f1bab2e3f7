import type { ComponentConfig, PackageManifest } from '@sparrow/protocol';

/** Components that this one names, without those that may come later: a placeholder stands for them until then. */
export function partsOf(manifest: PackageManifest, path: string): { path: string; later: boolean }[] {
  const config: ComponentConfig | undefined = manifest.components[path];
  const parts = Object.entries(config?.usingComponents ?? {}).map(([tag, target]) => ({
    path: target,
    later: Object.hasOwn(config?.componentPlaceholder ?? {}, tag),
  }));
  for (const generic of Object.values(config?.componentGenerics ?? {}))
    if (generic !== true && generic.default) parts.push({ path: generic.default, later: false });
  return parts;
}

/** Roots of the packages in which the components lie that this one cannot do without. */
export function rootsOf(
  manifest: PackageManifest,
  path: string,
  seen = new Set<string>(),
  roots = new Set<string>(),
): Set<string> {
  if (seen.has(path)) return roots;
  seen.add(path);
  const config = manifest.components[path];
  if (config) roots.add(config.root);
  for (const part of partsOf(manifest, path)) if (!part.later) rootsOf(manifest, part.path, seen, roots);
  return roots;
}

/** Root of the package that a file lies in: the longest one above it. */
export function rootAbove(manifest: PackageManifest, path: string): string | undefined {
  const roots = manifest.packages.map((info) => info.root).filter((root) => root === '' || path.startsWith(`${root}/`));
  return roots.sort((a, b) => b.length - a.length)[0];
}
