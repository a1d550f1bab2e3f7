import type { PackageUpdate, ServiceBundle } from '@sparrow/protocol';
import { type Channel, emitOn } from '@sparrow/runtime/bridge';
import type { Packages } from './packages.ts';

/**
 * Exchanges styles, templates and scripts under the living pages.
 *
 * @throws Error when the pages have to be set up anew
 */
export async function reloadLive(
  packages: Packages,
  service: Channel,
  id: string,
  change: PackageUpdate['change'],
): Promise<void> {
  const { roots, styles } = await packages.exchange(id);
  const bundles: Record<string, ServiceBundle> = {};
  if (change !== 'styles') for (const root of roots) bundles[root] = await packages.loadService(root);
  emitOn(service, 'reload', {
    manifest: packages.manifest,
    bundles,
    change,
    styles: Object.entries(styles).map(([path, css]) => ({ path, css })),
  });
}
