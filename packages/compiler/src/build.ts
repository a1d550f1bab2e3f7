import {
  type ComponentConfig,
  type Diagnostic,
  PACKAGE_FORMAT_VERSION,
  type PackageManifest,
  type ServiceBundle,
  type StyleBundle,
  type StyleIsolation,
} from '@sparrow/protocol';
import { createMountedFiles, listAssets, sizesByRoot, totalSizeDiagnostic } from './assets.ts';
import { createDiagnosticList, type DiagnosticList } from './diagnostic-list.ts';
import { createDiagnostic } from './diagnostics.ts';
import { type CompileGuard, guarded } from './guard.ts';
import { createMemo } from './memo.ts';
import { suffixOf, withoutSuffix } from './paths.ts';
import { phrase } from './phrase.ts';
import { type AppResult, readAppConfig, rootOf, themePath } from './project/app-config.ts';
import { type ComponentNode, collectComponents, styleScope } from './project/components.ts';
import { emptyJson, isObject, type JsonFile, parseJson, stringsOf } from './project/json-file.ts';
import { locateProject, type Project } from './project/locate.ts';
import { createNpmResolver } from './project/npm.ts';
import { pluginInfos, readPlugins } from './project/plugins.ts';
import { createSourceTree, hashOf, type SourceTree } from './project/source-tree.ts';
import { compileModules, scriptFile } from './scripts/modules.ts';
import { compileScript, failedScript, type Script } from './scripts/script.ts';
import { compileTemplate, failedTemplate, type Template } from './wxml/template.ts';
import { bundleTemplates, compileWxs, type WxsModule } from './wxml/templates.ts';
import { bundleSheet, type SheetSource, type StyleSheet } from './wxss/bundle.ts';
import { createCssSources, LANGUAGE_SUFFIXES } from './wxss/languages/css-sources.ts';
import { compileSheet, failedSheet, type Sheet } from './wxss/sheet.ts';

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

/** npm packages that `useExtendedLib` of app.json stands for. */
const EXTENDED_LIBRARIES: Readonly<Record<string, string>> = { weui: 'weui-miniprogram' };

/** Nothing is left out, and nobody looks on: for who builds in his own thread. */
const ALONE: CompileGuard = { outcasts: [], onFile: () => {} };

/** @param guard may change between two builds */
export function createBuilder(dir: string, guard: CompileGuard & { serial?: boolean } = ALONE): Builder {
  const tree = createSourceTree();
  const mountedFiles = createMountedFiles();
  const jsonMemo = createMemo<JsonFile>();
  const templateMemo = createMemo<Template>();
  const wxsMemo = createMemo<WxsModule>();
  const sheetMemo = createMemo<Sheet>();
  const cssSources = createCssSources(tree, guard);
  const scriptMemo = createMemo<Promise<Script>>();

  const readJson = (path: string): JsonFile | undefined => {
    const file = tree.read(path);
    return (
      file &&
      jsonMemo.get(file, '', () =>
        guarded(
          guard,
          file,
          () => parseJson(file),
          (found) => ({ ...emptyJson(file.display), source: file, diagnostics: [found] }),
        ),
      )
    );
  };

  /** Options like `styleIsolation: 'shared'` stand in the script, but decide how the sheet is compiled. */
  const scriptIsolation = (path: string): StyleIsolation | undefined => {
    const name = scriptFile(path, tree);
    const text = name === undefined ? undefined : tree.read(name)?.text;
    return /styleIsolation['"]?\s*[:=]\s*['"]((?:page-)?(?:isolated|apply-shared|shared))['"]/.exec(text ?? '')?.[1] as
      | StyleIsolation
      | undefined;
  };

  const sheetOf = (path: string, scope: string, languages: Project['styleLanguages']): StyleSheet | undefined => {
    const name = sheetFile(path, tree, languages);
    return name === undefined ? undefined : bundleSheet(name, { scope, host: styleScope(path) }, { tree, sheet });
  };
  const sheet: SheetSource['sheet'] = (file, at) => {
    const css = cssSources.of(file);
    if (css.fault) return failedSheet(css.fault);
    return sheetMemo.get(css.file, `${at.scope} ${at.host}`, () =>
      guarded(guard, css.file, () => compileSheet(css, at), failedSheet),
    );
  };

  const templatesOf = (paths: readonly string[]) =>
    bundleTemplates(paths, {
      tree,
      template: (file) =>
        templateMemo.get(file, '', () =>
          guarded(
            guard,
            file,
            () => compileTemplate(file),
            (found) => failedTemplate(withoutSuffix(file.path, '.wxml'), found),
          ),
        ),
      wxs: (file) =>
        wxsMemo.get(file, '', () =>
          guarded(
            guard,
            file,
            () => compileWxs(file),
            (found) => ({ code: undefined, requires: [], diagnostics: [found] }),
          ),
        ),
    });

  async function build(): Promise<CompiledPackage> {
    const project = locateProject(dir);
    tree.refresh(project);
    const list = createDiagnosticList();
    const json = readJson('app.json') ?? emptyJson(tree.display('app.json'));
    const theme = themePath(json);
    const app = readAppConfig(json, theme ? readJson(theme) : undefined);
    const plugins = readPlugins(project.plugins, json, { tree, readJson });
    const npm = createNpmResolver(project, tree, extendedLibraries(json));
    const graph = collectComponents({ tree, npm, app: json, ...app, plugins, readJson, scriptIsolation });
    // Pages of plugins are pages like others to who opens them.
    app.config.pages.push(...plugins.pages.map(({ path }) => path).filter((path) => graph.components.has(path)));
    list.add(undefined, project.diagnostics);
    list.add(undefined, app.diagnostics);
    list.add(undefined, plugins.diagnostics);
    list.add(undefined, graph.diagnostics);
    list.add(
      undefined,
      [...tree.escaping, ...npm.escaping].map((path) => escapingLink(tree.display(path))),
    );
    for (const [path, finding] of graph.missing) list.add(path, [finding]);

    const nodes = [...graph.components.values()];
    const modules = await compileModules(['app', ...plugins.mains, ...graph.components.keys()], {
      tree,
      npm,
      aliases: stringsOf(json.value.resolveAlias),
      serial: guard.serial === true,
      script: (file) =>
        scriptMemo.get(file, '', () =>
          guarded(
            guard,
            file,
            () => compileScript(file),
            async (found) => failedScript(found),
          ),
        ),
    });

    const services = new Map<string, ServiceBundle>();
    const styles = new Map<string, StyleBundle>();
    const components: Record<string, ComponentConfig> = {};
    for (const { root } of app.packages) {
      const members = nodes.filter((node) => node.config.root === root);
      const { templates, diagnostics, files } = templatesOf(members.map((node) => node.path));
      services.set(root, { root, modules: {}, templates });
      const sheets: StyleBundle = {};
      styles.set(root, sheets);
      if (root === '')
        addSheet('app', sheetOf('app', '', project.styleLanguages), sheets, pagesWithApp(app.packages), list);
      for (const node of members) {
        const { path } = node;
        components[path] = {
          ...node.config,
          ...addSheet(path, sheetOf(path, node.config.styleScope, project.styleLanguages), sheets, [path], list),
        };
        if (node.config.styleScope !== '') delete components[path].styleHost;
        list.add(path, node.diagnostics);
        list.add(path, diagnostics.get(path) ?? []);
        list.add(path, modules.scripts.get(`${path}.js`)?.diagnostics ?? []);
        list.add(path, missingParts(node, project));
        list.add(path, missingOfApp(graph.missingShared, files.get(path)));
      }
    }

    const maps = new Map<string, string>();
    for (const [key, script] of modules.scripts) {
      services.get(rootOf(key, app.packages))!.modules[key] = script.code;
      if (script.map) maps.set(key, script.map);
      list.add(undefined, script.diagnostics);
    }
    list.add(undefined, modules.diagnostics);
    list.add(undefined, sheetFindings('app', project));

    const assets = listAssets(tree, [...graph.components.keys()], modules.scripts);
    for (const { path, folder } of npm.mounted()) {
      for (const [name, entry] of mountedFiles.list(path, folder)) assets.set(name, entry);
    }
    fillSizes(app);
    list.add(undefined, totalSizeDiagnostic(app.packages, json.source.display));

    const content = {
      appid: project.appid,
      name: project.name,
      app: app.config,
      packages: app.packages,
      components,
      broken: list.broken,
      faults: list.faults,
      files: [...assets.keys()],
      plugins: pluginInfos(plugins),
    };
    const sizes = [...assets.values()].map((entry) => entry.size);
    const id = hashOf(JSON.stringify([content, [...services], [...styles], sizes]));
    for (const memo of [jsonMemo, templateMemo, wxsMemo, sheetMemo, scriptMemo, cssSources]) memo.sweep();
    return {
      manifest: { formatVersion: PACKAGE_FORMAT_VERSION, id, ...content, diagnostics: list.all },
      services,
      styles,
      maps,
      assetPath: (path) => assets.get(path)?.absolute,
    };
  }

  function fillSizes({ packages }: AppResult): void {
    const sizes = sizesByRoot(tree, packages);
    for (const info of packages) info.size = sizes.get(info.root) ?? 0;
  }

  /** What app.json gives and has not is a fault of the pages that use it. */
  function missingOfApp(missing: ReadonlyMap<string, Diagnostic>, templates: readonly string[] = []): Diagnostic[] {
    if (missing.size === 0) return [];
    const text = templates.map((path) => tree.read(path)?.text ?? '').join('\n');
    return [...missing].flatMap(([tag, finding]) => (usesTag(text, tag) ? [finding] : []));
  }

  function missingParts({ path, config }: ComponentNode, project: Project) {
    const findings = [];
    if (!tree.has(`${path}.wxml`)) {
      findings.push(
        createDiagnostic(
          { display: tree.display(`${path}.wxml`), text: '' },
          {
            code: 'FILE_MISSING',
            severity: config.page ? 'error' : 'warning',
            message: config.page ? phrase`page ${path} has no template` : phrase`component ${path} has no template`,
            hint: phrase`create ${path}.wxml`,
          },
        ),
      );
    }
    findings.push(...sheetFindings(path, project));
    return findings;
  }

  /** What to say of a sheet in another language: not every tool compiles it. */
  function sheetFindings(path: string, { styleLanguages }: Project): Diagnostic[] {
    const used = sheetFile(path, tree, styleLanguages);
    const language = used === undefined ? undefined : LANGUAGE_SUFFIXES[suffixOf(used)];
    if (used !== undefined && language && !styleLanguages.includes(language))
      return [
        createDiagnostic(
          { display: tree.display(used), text: '' },
          {
            code: 'PLUGIN_NOT_LISTED',
            severity: 'warning',
            message: phrase`${used} is compiled here; the official tool does it only when project.config.json lists "${language}"`,
            hint: phrase`add "${language}" to setting.useCompilerPlugins of project.config.json`,
          },
        ),
      ];
    if (used !== undefined || !tree.has(`${path}.styl`)) return [];
    return [
      createDiagnostic(
        { display: tree.display(`${path}.styl`), text: '' },
        {
          code: 'FILE_MISSING',
          severity: 'warning',
          message: phrase`${path}.styl is not compiled, and there is no ${path}.wxss`,
          hint: phrase`compile it to .wxss with its own tool`,
        },
      ),
    ];
  }

  return { build };
}

/**
 * The sheet of a component. A language that the project lists comes before .wxss, which is then what another tool made of
 * it; any other one stands in where there is no .wxss.
 */
function sheetFile(path: string, tree: SourceTree, listed: Project['styleLanguages']): string | undefined {
  const suffixes = Object.keys(LANGUAGE_SUFFIXES);
  const first = suffixes.filter((suffix) => listed.includes(LANGUAGE_SUFFIXES[suffix] as 'less' | 'sass'));
  return [...first, '.wxss', ...suffixes].map((suffix) => path + suffix).find((file) => tree.has(file));
}

/** Pages that have the app's own style: an independent subpackage starts without the app. */
function pagesWithApp(packages: AppResult['packages']): string[] {
  return packages.flatMap(({ independent, pages }) => (independent ? [] : pages));
}

/**
 * Puts a sheet into its bundle; returns what the component's configuration must say about it.
 *
 * @param users pages and components that look wrong when the sheet is
 */
function addSheet(
  path: string,
  sheet: StyleSheet | undefined,
  sheets: StyleBundle,
  users: readonly string[],
  list: DiagnosticList,
): Pick<ComponentConfig, 'styleMarker' | 'styleHost'> {
  if (!sheet) return {};
  if (sheet.css) sheets[path] = sheet.css;
  list.add(undefined, sheet.diagnostics);
  for (const user of users) list.add(user, sheet.diagnostics);
  return { ...(sheet.marker && { styleMarker: true }), ...(sheet.host && { styleHost: styleScope(path) }) };
}

function extendedLibraries({ value }: JsonFile): string[] {
  const used = isObject(value.useExtendedLib) ? value.useExtendedLib : {};
  return Object.entries(EXTENDED_LIBRARIES).flatMap(([name, library]) => (used[name] ? [library] : []));
}

function escapingLink(display: string) {
  return createDiagnostic(
    { display, text: '' },
    {
      code: 'PATH_OUTSIDE_PROJECT',
      message: phrase`${display} is a link out of the project and is left out`,
      hint: phrase`copy the file into the project`,
    },
  );
}

/** Whether a template opens this tag, as far as its text says. */
function usesTag(template: string, tag: string): boolean {
  return template
    .replace(/<!--[\s\S]*?-->/g, '')
    .split(`<${tag}`)
    .slice(1)
    .some((rest) => /^[\s/>]/.test(rest));
}
