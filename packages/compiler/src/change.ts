import type { PackageChange, PackageManifest } from '@sparrow/protocol';
import type { CompiledPackage } from './build.ts';

/** What a running app must do to go from one package to the next; the greatest of all differences counts. */
export function classifyChange(before: CompiledPackage, after: CompiledPackage): PackageChange {
  if (before.manifest.id === after.manifest.id) return 'none';
  if (differs(appPart(before), appPart(after))) return 'app';
  if (differs(scriptPart(before), scriptPart(after))) return 'scripts';
  if (differs(templatePart(before), templatePart(after))) return 'templates';
  return 'styles';
}

function differs(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) !== JSON.stringify(b);
}

function appPart({ manifest, services }: CompiledPackage): unknown {
  const { appid, name, app, packages } = manifest;
  const roots = packages.map((info) => [info.root, info.independent, info.pages]);
  return [appid, name, app, roots, services.get('')?.modules['app.js']];
}

function scriptPart({ manifest, services }: CompiledPackage): unknown {
  return [componentPart(manifest), manifest.broken, [...services.values()].map((service) => service.modules)];
}

/** Configuration of the components without what only their style sheet decides. */
function componentPart({ components }: PackageManifest): unknown {
  return Object.entries(components).map(([path, { styleMarker, ...config }]) => [path, config]);
}

/** A sheet that begins to need markers has the view built anew, as does another set of files. */
function templatePart({ manifest, services }: CompiledPackage): unknown {
  const markers = Object.entries(manifest.components).map(([path, config]) => [path, config.styleMarker]);
  return [markers, manifest.files, [...services.values()].map((service) => service.templates)];
}
