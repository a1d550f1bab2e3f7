import { existsSync } from 'node:fs';
import { joinInside, leadsInside } from '@sparrow/core/files';
import type { ProjectConfig } from '@sparrow/protocol';
import { resolvePath } from '../paths.ts';
import { isObject, stringsOf } from './json-file.ts';

/** A plugin that app.json lists, for the whole program or for one of its subpackages. */
export interface PluginSource {
  alias: string;
  /** Folder in the package, `__plugin__/<appid>`. */
  root: string;
  /** Its folder inside the project folder; undefined when it is not here, as a plugin of somebody else's usually is. */
  folder: string | undefined;
  /** Module of the program that it may use (`export`), as written. */
  export: string | undefined;
  /** Components of the program that fill generics of the plugin's: public name → generic → path as written. */
  generics: Record<string, Record<string, string>>;
}

interface PluginPlaces {
  /** Absolute folder of the project. */
  base: string;
  /** Of project.config.json: where the plugin lies that is developed here. */
  pluginRoot: unknown;
  sparrow: ProjectConfig;
}

export function locatePlugins(app: unknown, places: PluginPlaces): PluginSource[] {
  if (!isObject(app)) return [];
  const packages = [app.subPackages, app.subpackages].flatMap((list) => (Array.isArray(list) ? list : []));
  const found = new Map<string, PluginSource>();
  for (const owner of [app, ...packages]) {
    const listed = isObject(owner) && isObject(owner.plugins) ? owner.plugins : {};
    for (const [alias, value] of Object.entries(listed)) {
      if (found.has(alias) || !isObject(value)) continue;
      const id = typeof value.provider === 'string' && /^[\w-]+$/.test(value.provider) ? value.provider : undefined;
      found.set(alias, {
        alias,
        root: `__plugin__/${id ?? alias.replace(/[^\w-]/g, '_')}`,
        folder: folderOf(alias, id, String(value.version ?? ''), places),
        export: typeof value.export === 'string' ? value.export : undefined,
        generics: genericsOf(value.genericsImplementation),
      });
    }
  }
  return [...found.values()];
}

function folderOf(alias: string, id: string | undefined, version: string, places: PluginPlaces): string | undefined {
  const { base, pluginRoot, sparrow } = places;
  const named = isObject(sparrow.plugins) ? sparrow.plugins : {};
  const own = (name: string | undefined) =>
    name !== undefined && Object.hasOwn(named, name) ? named[name] : undefined;
  const folder = own(alias) ?? own(id) ?? (version.startsWith('dev') ? pluginRoot : undefined);
  if (typeof folder !== 'string') return undefined;
  const absolute = joinInside(base, folder);
  const holds = absolute !== undefined && leadsInside(base, absolute) && existsSync(`${absolute}/plugin.json`);
  return holds ? resolvePath('', folder) : undefined;
}

function genericsOf(value: unknown): PluginSource['generics'] {
  const found: PluginSource['generics'] = {};
  for (const [name, generics] of Object.entries(isObject(value) ? value : {})) found[name] = stringsOf(generics);
  return found;
}
