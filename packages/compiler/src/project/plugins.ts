import type { Diagnostic, PluginInfo } from '@sparrow/protocol';
import { createDiagnostic } from '../diagnostics.ts';
import { join, resolvePath, withoutSuffix } from '../paths.ts';
import { phrase } from '../phrase.ts';
import type { PageEntry } from './app-config.ts';
import { type JsonFile, stringsOf } from './json-file.ts';
import type { PluginSource } from './plugin-folders.ts';
import type { SourceTree } from './source-tree.ts';

/** What plugin.json says of a plugin. */
export interface Plugin extends PluginSource {
  main: string | undefined;
  /** Paths by public name, without suffix. */
  components: Record<string, string>;
  pages: Record<string, string>;
}

export interface PluginSet {
  byAlias: ReadonlyMap<string, Plugin>;
  /** Project paths without suffix of the scripts that `requirePlugin` and `requireMiniProgram` run. */
  mains: string[];
  pages: PageEntry[];
  diagnostics: Diagnostic[];
}

/** Reads what plugins make public. */
export function readPlugins(
  sources: readonly PluginSource[],
  app: JsonFile,
  input: {
    tree: SourceTree;
    readJson(path: string): JsonFile | undefined;
  },
): PluginSet {
  const byAlias = new Map<string, Plugin>();
  const pages = new Map<string, PageEntry>();
  const mains = new Set<string>();
  const diagnostics: Diagnostic[] = [];
  for (const source of sources) {
    const json = source.folder === undefined ? undefined : input.readJson(`${source.root}/plugin.json`);
    const place = (path: string) => {
      const inside = resolvePath('', withoutSuffix(path, '.js'));
      return inside === undefined ? undefined : join(source.root, inside);
    };
    const places = (value: unknown) =>
      Object.fromEntries(
        Object.entries(stringsOf(value)).flatMap(([name, path]) => {
          const found = place(path);
          return found === undefined ? [] : [[name, found]];
        }),
      );
    const main = typeof json?.value.main === 'string' ? place(json.value.main) : place('index');
    const plugin: Plugin = {
      ...source,
      main: json && main !== undefined && hasScript(main, input.tree) ? main : undefined,
      components: places(json?.value.publicComponents),
      pages: places(json?.value.pages),
    };
    byAlias.set(source.alias, plugin);
    if (json) diagnostics.push(...json.diagnostics);
    else diagnostics.push(absent(source, app));
    if (plugin.main !== undefined) mains.add(plugin.main);
    const shared = plugin.export === undefined ? undefined : exported(plugin.export);
    if (json && shared !== undefined) mains.add(shared);
    for (const path of Object.values(plugin.pages))
      pages.set(path, { path, root: '', offset: app.offsetOf(['plugins']) });
  }
  return { byAlias, mains: [...mains], pages: [...pages.values()], diagnostics };
}

const exported = (path: string) => resolvePath('', withoutSuffix(path, '.js'));

const hasScript = (path: string, tree: SourceTree) => tree.has(`${path}.js`) || tree.has(`${path}.ts`);

function absent({ alias }: PluginSource, app: JsonFile): Diagnostic {
  return createDiagnostic(app.source, {
    code: 'PLUGIN_MISSING',
    severity: 'warning',
    message: phrase`the files of the plugin "${alias}" are not here`,
    hint: phrase`name its folder in sparrow.json ("plugins": { "${alias}": "plugin" }); until then its components are empty and its functions do nothing`,
    at: app.offsetOf(['plugins', alias]),
  });
}

/** What the runtime needs to know of the plugins. */
export function pluginInfos({ byAlias }: PluginSet): Record<string, PluginInfo> {
  return Object.fromEntries(
    [...byAlias].map(([alias, { folder, root, main, pages, export: shared }]) => {
      const path = shared === undefined ? undefined : exported(shared);
      return [
        alias,
        {
          ...(folder !== undefined && { root }),
          ...(main !== undefined && { main: `${main}.js` }),
          ...(path !== undefined && { export: `${path}.js` }),
          pages,
        },
      ];
    }),
  );
}

/** Path of a component by an address like `plugin://alias/name` or `plugin-private://appid/path`. */
export function pluginComponent({ byAlias }: PluginSet, address: string): string | undefined {
  const [, scheme, owner = '', rest = ''] = /^(plugin|plugin-private):\/\/([^/]+)\/(.+)$/.exec(address) ?? [];
  if (scheme === 'plugin') {
    const components = byAlias.get(owner)?.components ?? {};
    return Object.hasOwn(components, rest) ? components[rest] : undefined;
  }
  const root = `__plugin__/${owner}`;
  return [...byAlias.values()].some((plugin) => plugin.root === root) ? join(root, rest) : undefined;
}
