import { createHash } from 'node:crypto';
import {
  type AppConfig,
  type ComponentConfig,
  type Diagnostic,
  rootOfFile,
  type StyleIsolation,
  type SubpackageInfo,
} from '@sparrow/protocol';
import { createDiagnostic, type Finding } from '../diagnostics.ts';
import { dirname, resolvePath, withoutSuffix } from '../paths.ts';
import { phrase } from '../phrase.ts';
import { climbDiagnostic, referenceTo } from '../references.ts';
import { type PageEntry, readWindow, rootOf } from './app-config.ts';
import { emptyJson, isObject, type JsonFile, stringsOf } from './json-file.ts';
import type { NpmResolver } from './npm.ts';
import { type PluginSet, pluginComponent } from './plugins.ts';
import type { SourceTree } from './source-tree.ts';

/** A page or component: its paths are `<path>.json`, `.wxml`, `.wxss`, `.js`. */
export interface ComponentNode {
  path: string;
  config: ComponentConfig;
  json: JsonFile;
  diagnostics: Diagnostic[];
}

export interface GraphInput {
  tree: SourceTree;
  npm: NpmResolver;
  app: JsonFile;
  config: AppConfig;
  pages: PageEntry[];
  packages: SubpackageInfo[];
  plugins: PluginSet;
  /** Reads and caches a JSON file of the project. */
  readJson(path: string): JsonFile | undefined;
  /** `styleIsolation` that a component's script sets in its options. */
  scriptIsolation(path: string): StyleIsolation | undefined;
}

export interface Graph {
  components: Map<string, ComponentNode>;
  /** Findings about app.json: pages that are missing, components of the app. */
  diagnostics: Diagnostic[];
  /** Pages without any file, with their finding. */
  missing: Map<string, Diagnostic>;
  /** Tags of app.json's usingComponents that were not found, with their finding. */
  missingShared: Map<string, Diagnostic>;
}

const CUSTOM_TAB_BAR = 'custom-tab-bar/index';

/**
 * Suffixes that tell that a component or page exists. A component needs a script; a page may lack one while written.
 */
export const SCRIPT_SUFFIXES = ['.js', '.ts'];

/** Follows usingComponents from app.json and the pages to every component. */
export function collectComponents(input: GraphInput): Graph {
  const { tree, app } = input;
  const components = new Map<string, ComponentNode>();
  const diagnostics: Diagnostic[] = [];
  const missing = new Map<string, Diagnostic>();
  const queue: { path: string; page: boolean }[] = [];
  const resolver = createComponentResolver(input);
  const shared = resolver.usingComponents('app.json', app, diagnostics);
  const generics = pluginGenerics(input, resolver, diagnostics);
  const missingShared = missingTags(app, shared, diagnostics);

  for (const page of input.pages) {
    if (['.wxml', ...SCRIPT_SUFFIXES].some((suffix) => tree.has(page.path + suffix))) {
      queue.push({ path: page.path, page: true });
      continue;
    }
    const finding = createDiagnostic(app.source, {
      code: 'PAGE_MISSING',
      message: phrase`page ${page.path} has no files`,
      hint: phrase`create ${page.path}.wxml and ${page.path}.js, or remove the page from app.json`,
      at: page.offset,
    });
    missing.set(page.path, finding);
    diagnostics.push(finding);
  }
  for (const page of input.plugins.pages)
    if (tree.has(`${page.path}.wxml`)) queue.push({ path: page.path, page: true });
  for (const path of Object.values(shared)) queue.push({ path, page: false });
  // A custom tab bar is used by no page; its place is fixed.
  if (input.config.tabBar?.custom && tree.has(`${CUSTOM_TAB_BAR}.wxml`))
    queue.push({ path: CUSTOM_TAB_BAR, page: false });

  for (let next = queue.shift(); next; next = queue.shift()) {
    if (components.has(next.path)) continue;
    const node = readComponent(next.path, next.page, input, shared, resolver);
    for (const [name, path] of Object.entries(generics.get(next.path) ?? {}))
      node.config.componentGenerics[name] = { default: path };
    components.set(next.path, node);
    const { usingComponents, componentGenerics } = node.config;
    for (const path of Object.values(usingComponents)) queue.push({ path, page: false });
    for (const generic of Object.values(componentGenerics)) {
      if (generic !== true && generic.default !== undefined) queue.push({ path: generic.default, page: false });
    }
  }
  return { components, diagnostics, missing, missingShared };
}

/** What the program fills generics of components of its plugins with: component → generic → path. */
function pluginGenerics({ app, plugins }: GraphInput, resolver: ComponentResolver, diagnostics: Diagnostic[]) {
  const found = new Map<string, Record<string, string>>();
  for (const { alias, components, generics } of plugins.byAlias.values()) {
    for (const [name, given] of Object.entries(generics)) {
      const component = Object.hasOwn(components, name) ? components[name] : undefined;
      if (component === undefined) continue;
      const paths: Record<string, string> = {};
      for (const [generic, value] of Object.entries(given)) {
        const at = ['plugins', alias, 'genericsImplementation', name, generic];
        const path = resolver.resolve('app.json', value, app, at, diagnostics);
        if (path !== undefined) paths[generic] = path;
      }
      found.set(component, paths);
    }
  }
  return found;
}

/** Tags that app.json gives to every page without having them; what the compiler says of each is in `findings`. */
function missingTags(app: JsonFile, found: Record<string, string>, findings: Diagnostic[]): Map<string, Diagnostic> {
  const list = app.value.usingComponents;
  const tags = Object.keys(isObject(list) ? list : {}).filter((tag) => found[tag] === undefined);
  return new Map(
    tags.flatMap((tag) => {
      const finding = findings.find(
        ({ code, message }) => code === 'COMPONENT_MISSING' && message.includes(`<${tag}>`),
      );
      return finding ? [[tag, finding] as const] : [];
    }),
  );
}

const ISOLATIONS: ReadonlySet<unknown> = new Set<StyleIsolation>([
  'isolated',
  'apply-shared',
  'shared',
  'page-isolated',
  'page-apply-shared',
  'page-shared',
]);

/**
 * What an isolation setting means for a page or a component. Class names of pages have no prefix, so a page is shared,
 * and `page-…` only says that app.wxss does not apply; on a component `page-…` has no meaning of its own.
 */
function isolationOf(setting: StyleIsolation | undefined, page: boolean): StyleIsolation | undefined {
  if (page) return setting?.startsWith('page-') ? 'page-shared' : undefined;
  return setting?.replace('page-', '') as StyleIsolation | undefined;
}

function readComponent(
  path: string,
  page: boolean,
  input: GraphInput,
  shared: Record<string, string>,
  resolver: ComponentResolver,
): ComponentNode {
  const json = input.readJson(`${path}.json`) ?? emptyJson(input.tree.display(`${path}.json`));
  const diagnostics = [...json.diagnostics];
  const { value } = json;
  const component = value.component === true || !page;
  const foreign = rootOfFile(path) !== '';
  // Neither the styles nor the components of the program's app.json reach into a plugin.
  const usual = foreign && page ? 'page-isolated' : undefined;
  const own = ISOLATIONS.has(value.styleIsolation) ? (value.styleIsolation as StyleIsolation) : usual;
  const addGlobalClass = value.addGlobalClass === true;
  const isolation = isolationOf(own ?? input.scriptIsolation(path), page);
  const generics: ComponentConfig['componentGenerics'] = {};
  for (const [name, generic] of Object.entries(isObject(value.componentGenerics) ? value.componentGenerics : {})) {
    const fallback = isObject(generic) ? generic.default : undefined;
    const target =
      typeof fallback === 'string'
        ? resolver.resolve(`${path}.json`, fallback, json, ['componentGenerics', name, 'default'], diagnostics)
        : undefined;
    generics[name] = target === undefined ? true : { default: target };
  }
  const config: ComponentConfig = {
    component,
    page,
    root: rootOf(path, input.packages),
    usingComponents: { ...(foreign ? {} : shared), ...resolver.usingComponents(`${path}.json`, json, diagnostics) },
    componentPlaceholder: stringsOf(value.componentPlaceholder),
    componentGenerics: generics,
    ...(isolation && { styleIsolation: isolation }),
    ...(addGlobalClass && { addGlobalClass }),
    ...(typeof value.pureDataPattern === 'string' && { pureDataPattern: value.pureDataPattern }),
    styleScope: page || isolation === 'shared' ? '' : styleScope(path),
    window: page ? readWindow(value) : {},
  };
  return { path, config, json, diagnostics };
}

/** Short and stable: `c` and 7 characters of the path's hash, so that a class never begins with a digit. */
export function styleScope(path: string): string {
  return `c${createHash('sha256').update(path).digest('hex').slice(0, 7)}`;
}

interface ComponentResolver {
  /** @param from project path of the JSON file */
  resolve(from: string, value: string, json: JsonFile, at: string[], diagnostics: Diagnostic[]): string | undefined;
  usingComponents(from: string, json: JsonFile, diagnostics: Diagnostic[]): Record<string, string>;
}

function createComponentResolver({ tree, npm, plugins }: GraphInput): ComponentResolver {
  const exists = (path: string) =>
    SCRIPT_SUFFIXES.some((suffix) => tree.has(path + suffix)) || tree.has(`${path}.wxml`);
  const complete = (path: string | undefined) =>
    path === undefined ? undefined : [path, `${path}/index`].find((candidate) => exists(candidate));

  const resolver: ComponentResolver = {
    resolve(from, value, json, at, diagnostics) {
      const folder = dirname(from);
      const report = (finding: Omit<Finding, 'at'>) =>
        void diagnostics.push(createDiagnostic(json.source, { ...finding, at: json.offsetOf(at) }));
      const name = at.at(-1) ?? value;
      if (/^(plugin|plugin-private|dynamicLib|ext):\/\//.test(value)) {
        const found = complete(pluginComponent(plugins, value));
        if (found === undefined)
          report({
            code: 'COMPONENT_MISSING',
            severity: 'warning',
            message: phrase`<${name}> comes from a plugin (${value}), which is not here`,
            hint: phrase`the tag shows its content only; name the folder of the plugin in sparrow.json ("plugins")`,
          });
        return found;
      }
      const path = withoutSuffix(withoutSuffix(value, '.wxml'), '.js');
      const reference = referenceTo(from, path, json.offsetOf(at));
      const relative = reference.path;
      if (reference.climbs) {
        const found = complete(relative);
        diagnostics.push(climbDiagnostic(json.source, { ...reference, literal: value }, found !== undefined));
        return found;
      }
      const bare = !path.startsWith('.') && !path.startsWith('/');
      const found = complete(relative) ?? (bare ? complete(npm.resolve(folder, path)) : undefined);
      if (found !== undefined) return found;
      // Many projects write a path from the root without the leading slash.
      const fromRoot = bare ? complete(resolvePath('', path)) : undefined;
      if (fromRoot !== undefined) return fromRoot;
      const isPackage = bare && (value.startsWith('@') || !value.includes('/') || !tree.has(`${relative}.json`));
      report({
        code: 'COMPONENT_MISSING',
        severity: 'error',
        message: phrase`component ${value} of <${name}> was not found`,
        hint: isPackage
          ? phrase`create ${relative}.js, or install the npm package if it is one; until then <${name}> is an unknown element`
          : phrase`create ${relative}.js or correct the path; until then <${name}> is an unknown element`,
      });
      return undefined;
    },
    usingComponents(from, json, diagnostics) {
      const list = json.value.usingComponents;
      const resolved: Record<string, string> = {};
      for (const [tag, value] of Object.entries(isObject(list) ? list : {})) {
        if (typeof value !== 'string') continue;
        const path = resolver.resolve(from, value, json, ['usingComponents', tag], diagnostics);
        if (path !== undefined) resolved[tag] = path;
      }
      return resolved;
    },
  };
  return resolver;
}
