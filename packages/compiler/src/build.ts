import type {
  ComponentConfig,
  Diagnostic,
  PackageManifest,
  ServiceBundle,
  StyleBundle,
  StyleIsolation,
} from '@sparrow/protocol';
import { PACKAGE_FORMAT_VERSION } from '@sparrow/protocol';
import { listAssets, sizesByRoot, totalSizeDiagnostic } from './assets.ts';
import { createDiagnostic } from './diagnostics.ts';
import { createMemo } from './memo.ts';
import { readAppConfig, rootOf, themePath } from './project/app-config.ts';
import { collectComponents, styleScope } from './project/components.ts';
import { emptyJson, type JsonFile, parseJson } from './project/json-file.ts';
import { locateProject } from './project/locate.ts';
import { createNpmResolver } from './project/npm.ts';
import { createSourceTree, hashOf } from './project/source-tree.ts';
import { compileModules, scriptFile } from './scripts/modules.ts';
import { compileScript, type Script } from './scripts/script.ts';
import { compileTemplate, type Template } from './wxml/template.ts';
import { bundleTemplates, compileWxs, type WxsModule } from './wxml/templates.ts';
import { bundleSheet } from './wxss/bundle.ts';
import { compileSheet, type Sheet } from './wxss/sheet.ts';

/** Everything that a runtime needs of one state of the project. */
export interface CompiledPackage {
  manifest: PackageManifest;
  /** By root: `""` is the main package. */
  services: Map<string, ServiceBundle>;
  styles: Map<string, StyleBundle>;
  /** Source maps as JSON by module path; their sources are paths inside the project folder. */
  maps: Map<string, string>;
  /** Absolute path on disk of a file of `manifest.files`. */
  assetPath(path: string): string | undefined;
}

/** Builds a project again and again; what did not change between two builds is not compiled twice. */
export interface Builder {
  /** @throws CompilerError NO_PROJECT when there is no app.json */
  build(): Promise<CompiledPackage>;
}

export function createBuilder(dir: string): Builder {
  const tree = createSourceTree();
  const jsonMemo = createMemo<JsonFile>();
  const templateMemo = createMemo<Template>();
  const wxsMemo = createMemo<WxsModule>();
  const sheetMemo = createMemo<Sheet>();
  const scriptMemo = createMemo<Promise<Script>>();

  const readJson = (path: string): JsonFile | undefined => {
    const file = tree.read(path);
    return file && jsonMemo.get(file, '', () => parseJson(file));
  };

  /** Options like `styleIsolation: 'shared'` stand in the script, but decide how the sheet is compiled. */
  const scriptIsolation = (path: string): StyleIsolation | undefined => {
    const name = scriptFile(path, tree);
    const text = name === undefined ? undefined : tree.read(name)?.text;
    return /styleIsolation['"]?\s*[:=]\s*['"]((?:page-)?(?:isolated|apply-shared|shared))['"]/.exec(text ?? '')?.[1] as
      | StyleIsolation
      | undefined;
  };

  async function build(): Promise<CompiledPackage> {
    const project = locateProject(dir);
    tree.refresh(project);
    const npm = createNpmResolver(project, tree);
    const app = readJson('app.json') ?? emptyJson(tree.display('app.json'));
    const theme = themePath(app);
    const {
      config,
      pages,
      packages,
      diagnostics: appFindings,
    } = readAppConfig(app, theme ? readJson(theme) : undefined);
    const graph = collectComponents({ tree, npm, app, pages, packages, readJson, scriptIsolation });
    const list = createDiagnosticList();
    list.add(undefined, appFindings);
    list.add(undefined, graph.diagnostics);
    for (const [path, finding] of graph.missing) list.add(path, [finding]);

    const paths = [...graph.components.keys()];
    const modules = await compileModules(['app', ...paths], {
      tree,
      npm,
      script: (file) => scriptMemo.get(file, '', () => compileScript(file)),
    });

    const services = new Map<string, ServiceBundle>();
    const styles = new Map<string, StyleBundle>();
    const components: Record<string, ComponentConfig> = {};
    for (const { root } of packages) {
      const members = paths.filter((path) => graph.components.get(path)?.config.root === root);
      const bundle = bundleTemplates(members, {
        tree,
        template: (file) => templateMemo.get(file, '', () => compileTemplate(file)),
        wxs: (file) => wxsMemo.get(file, '', () => compileWxs(file)),
      });
      services.set(root, { root, modules: {}, templates: bundle.templates });
      const sheets: StyleBundle = {};
      styles.set(root, sheets);
      const addSheet = (path: string, scope: string): boolean => {
        const sheet = bundleSheet(
          `${path}.wxss`,
          { scope, host: styleScope(path) },
          { tree, sheet: (file, at) => sheetMemo.get(file, `${at.scope} ${at.host}`, () => compileSheet(file, at)) },
        );
        if (!sheet) return false;
        if (sheet.css) sheets[path] = sheet.css;
        list.add(undefined, sheet.diagnostics);
        return sheet.marker;
      };
      if (root === '') addSheet('app', '');
      for (const path of members) {
        const node = graph.components.get(path)!;
        components[path] = { ...node.config, ...(addSheet(path, node.config.styleScope) && { styleMarker: true }) };
        const script = scriptFile(path, tree);
        list.add(path, node.diagnostics);
        list.add(path, bundle.diagnostics.get(path) ?? []);
        list.add(path, (script && modules.scripts.get(`${path}.js`)?.diagnostics) || []);
        if (!tree.has(`${path}.wxml`)) {
          list.add(path, [
            createDiagnostic(
              { display: tree.display(`${path}.wxml`), text: '' },
              {
                code: 'FILE_MISSING',
                severity: node.config.page ? 'error' : 'warning',
                message: `${node.config.page ? 'page' : 'component'} ${path} has no template`,
                hint: `create ${path}.wxml`,
              },
            ),
          ]);
        }
      }
    }

    const maps = new Map<string, string>();
    for (const [key, script] of modules.scripts) {
      const root = rootOf(key, packages);
      services.get(root)!.modules[key] = script.code;
      if (script.map) maps.set(key, script.map);
      list.add(undefined, script.diagnostics);
    }
    list.add(undefined, modules.diagnostics);

    const assets = listAssets(tree, paths, modules.scripts);
    const sizes = sizesByRoot(tree, packages);
    for (const info of packages) info.size = sizes.get(info.root) ?? 0;
    list.add(undefined, totalSizeDiagnostic(packages, app.source.display));

    const files = [...assets.keys()];
    const content = {
      appid: project.appid,
      name: project.name,
      app: config,
      packages,
      components,
      broken: list.broken,
      files,
    };
    const assetKeys = [...assets].map(([path, entry]) => `${path}:${entry.size}`);
    const id = hashOf(JSON.stringify([content, [...services], [...styles], assetKeys]));
    for (const memo of [jsonMemo, templateMemo, wxsMemo, sheetMemo, scriptMemo]) memo.sweep();
    return {
      manifest: { formatVersion: PACKAGE_FORMAT_VERSION, id, ...content, diagnostics: list.all },
      services,
      styles,
      maps,
      assetPath: (path) => assets.get(path)?.absolute,
    };
  }

  return { build };
}

interface DiagnosticList {
  all: Diagnostic[];
  /** Numbers of the errors that break a page or component. */
  broken: Record<string, number[]>;
  /** @param owner page or component that an error in the list breaks */
  add(owner: string | undefined, diagnostics: readonly Diagnostic[]): void;
}

/** Faults after which a page or component has nothing to show. A missing child or a bad sheet is none. */
const BREAKING: ReadonlySet<Diagnostic['code']> = new Set([
  'PAGE_MISSING',
  'JSON_INVALID',
  'WXML_SYNTAX',
  'WXS_SYNTAX',
  'SCRIPT_SYNTAX',
]);

function createDiagnosticList(): DiagnosticList {
  const all: Diagnostic[] = [];
  const numbers = new Map<string, number>();
  const broken: Record<string, number[]> = {};
  return {
    all,
    broken,
    add(owner, diagnostics) {
      for (const diagnostic of diagnostics) {
        // Several components may lead to one fault, an imported template's for instance.
        const key = [diagnostic.file, diagnostic.line, diagnostic.column, diagnostic.code, diagnostic.message].join(
          '\0',
        );
        const number = numbers.get(key) ?? all.push(diagnostic) - 1;
        numbers.set(key, number);
        if (owner === undefined || diagnostic.severity !== 'error') continue;
        const missingTemplate = diagnostic.code === 'FILE_MISSING' && diagnostic.line === 0;
        if (!BREAKING.has(diagnostic.code) && !missingTemplate) continue;
        const list = (broken[owner] ??= []);
        if (!list.includes(number)) list.push(number);
      }
    },
  };
}
