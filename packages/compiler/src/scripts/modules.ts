import type { Diagnostic } from '@sparrow/protocol';
import { createDiagnostic } from '../diagnostics.ts';
import { dirname, resolvePath, suffixOf, withoutSuffix } from '../paths.ts';
import { phrase } from '../phrase.ts';
import type { NpmResolver } from '../project/npm.ts';
import type { SourceFile, SourceTree } from '../project/source-tree.ts';
import { climbDiagnostic, type Reference, referenceTo } from '../references.ts';
import { MAX_SCRIPT_BYTES, REQUIRE, type Script } from './script.ts';

export interface ModuleSource {
  tree: SourceTree;
  npm: NpmResolver;
  /** `resolveAlias` of app.json: patterns like `~/*` and what they stand for, from the root. */
  aliases: Readonly<Record<string, string>>;
  /** One script at a time. */
  serial: boolean;
  /** Compiles and caches one script. */
  script(file: SourceFile): Promise<Script>;
}

export interface ModuleSet {
  /** Compiled scripts by module key: project path with `.js` (`.json` for JSON). */
  scripts: Map<string, Script>;
  /**
   * Findings about requires and sizes; those of the scripts themselves are in `scripts`. Of scripts that nothing leads
   * to (a build script that lies around) faults are warnings, and what they require is not looked at.
   */
  diagnostics: Diagnostic[];
}

interface CompiledModule {
  script: Script;
  /** Project paths of the files that it requires. */
  requires: string[];
  findings: Diagnostic[];
}

/**
 * Compiles all scripts of the project and, of npm packages, those that something requires.
 *
 * @param entries project paths without suffix of app and components, which may lie in npm packages
 */
export async function compileModules(entries: readonly string[], source: ModuleSource): Promise<ModuleSet> {
  const { tree } = source;
  const modules = new Map<string, CompiledModule>();
  const diagnostics: Diagnostic[] = [];
  const seen = new Set<string>();
  const starts = entries.flatMap((entry) => scriptFile(entry, tree) ?? []);
  let queue: string[] = [];
  const enqueue = (path: string) => {
    if (seen.has(path)) return;
    seen.add(path);
    queue.push(path);
  };
  for (const path of tree.files.keys()) if (isScript(path, tree)) enqueue(path);
  starts.forEach(enqueue);

  const one = async (path: string): Promise<void> => {
    const entry = tree.entry(path);
    if (!entry) return;
    if (entry.size > MAX_SCRIPT_BYTES) {
      diagnostics.push(tooLarge(tree.display(path), entry.size));
      return;
    }
    const file = tree.read(path);
    if (!file) return;
    const module = link(file, await source.script(file), source);
    modules.set(path, module);
    module.requires.forEach(enqueue);
  };
  while (queue.length > 0) {
    const batch = queue;
    queue = [];
    if (source.serial) for (const path of batch) await one(path);
    else await Promise.all(batch.map(one));
  }

  const live = reachable(starts, modules);
  const scripts = new Map<string, Script>();
  for (const [path, { script, findings }] of [...modules].sort(([a], [b]) => (a < b ? -1 : 1))) {
    scripts.set(
      moduleKey(path),
      live.has(path) ? script : { ...script, diagnostics: script.diagnostics.map(asWarning) },
    );
    // Packages check for modules of other platforms in ways of their own.
    if (live.has(path) && !path.includes('miniprogram_npm/')) diagnostics.push(...findings);
  }
  addPackageMains(scripts, source.npm);
  return { scripts, diagnostics };
}

/** Resolves what a script requires. */
function link(file: SourceFile, script: Script, source: ModuleSource): CompiledModule {
  const targets = new Map<string, string>();
  const requires: string[] = [];
  const findings: Diagnostic[] = [];
  for (const literal of script.requires) {
    const found = resolveRequire(file.path, literal, source);
    const reference = referenceTo(file.path, literal, literalOffset(file.text, literal));
    if (found === undefined) {
      findings.push(requireDiagnostic(file, reference));
      continue;
    }
    requires.push(found);
    if (!/^[./]/.test(literal)) targets.set(literal, `/${moduleKey(found)}`);
    if (reference.climbs) findings.push(climbDiagnostic(file, reference, true));
  }
  const linked = targets.size > 0 ? { ...script, code: retarget(script.code, targets) } : script;
  return { script: linked, requires, findings };
}

function reachable(starts: readonly string[], modules: ReadonlyMap<string, CompiledModule>): Set<string> {
  const found = new Set<string>();
  const stack = [...starts];
  for (let path = stack.pop(); path !== undefined; path = stack.pop()) {
    if (found.has(path)) continue;
    found.add(path);
    stack.push(...(modules.get(path)?.requires ?? []));
  }
  return found;
}

function asWarning(diagnostic: Diagnostic): Diagnostic {
  return { ...diagnostic, severity: 'warning' };
}

/** `a/b.ts` → `a/b.js`. */
export function moduleKey(path: string): string {
  return path.endsWith('.ts') ? `${withoutSuffix(path, '.ts')}.js` : path;
}

/** A script of the project; a `.ts` file only when there is no `.js` beside it, and never a declaration file. */
function isScript(path: string, tree: SourceTree): boolean {
  if (path.endsWith('.js')) return true;
  return path.endsWith('.ts') && !path.endsWith('.d.ts') && !tree.has(`${withoutSuffix(path, '.ts')}.js`);
}

/** Project path of the script that a path without suffix means. */
export function scriptFile(path: string, tree: SourceTree): string | undefined {
  return [`${path}.js`, `${path}.ts`].find((candidate) => tree.has(candidate));
}

function resolveRequire(from: string, literal: string, { tree, npm, aliases }: ModuleSource): string | undefined {
  const folder = dirname(from);
  const bare = !/^[./]/.test(literal);
  const direct = referenceTo(from, literal, 0).path;
  const paths = bare ? [aliasTarget(literal, aliases), npm.resolve(folder, literal), direct] : [direct];
  for (const path of paths) {
    const found = path !== undefined && requireTarget(path, tree);
    if (found) return found;
  }
  return undefined;
}

function aliasTarget(literal: string, aliases: ModuleSource['aliases']): string | undefined {
  for (const [pattern, target] of Object.entries(aliases)) {
    const [before = '', rest] = pattern.split('*');
    const matches = rest === undefined ? literal === pattern : literal.startsWith(before);
    if (matches) return resolvePath('', target.replace('*', literal.slice(before.length)));
  }
  return undefined;
}

/** Names the module itself where the source says a package or an alias: looking those up is not the runtime's work. */
function retarget(code: string, targets: ReadonlyMap<string, string>): string {
  return code.replace(REQUIRE, (call: string, quote: string, literal: string) => {
    const target = targets.get(literal);
    return target === undefined ? call : call.slice(0, call.indexOf(quote)) + JSON.stringify(target);
  });
}

function requireTarget(path: string, tree: SourceTree): string | undefined {
  const suffix = suffixOf(path);
  if ((suffix === '.js' || suffix === '.json') && tree.has(path)) return path;
  return scriptFile(withoutSuffix(path, '.js'), tree) ?? scriptFile(`${path}/index`, tree);
}

/** For a computed `require('lodash')`, which looks up `…/lodash/index.js`; when the main script is another, that module forwards. */
function addPackageMains(scripts: Map<string, Script>, npm: NpmResolver): void {
  for (const [alias, main] of npm.mains) {
    if (!scripts.has(main) || scripts.has(alias)) continue;
    const code = `module.exports = require(${JSON.stringify(`/${main}`)});\n`;
    scripts.set(alias, { code, map: '', requires: [], diagnostics: [] });
  }
}

function tooLarge(display: string, bytes: number): Diagnostic {
  return createDiagnostic(
    { display, text: '' },
    {
      code: 'PACKAGE_TOO_LARGE',
      severity: 'warning',
      message: phrase`the script has ${(bytes / 1024 / 1024).toFixed(1)} MB and is left out`,
      hint: phrase`scripts of more than 2 MB are not compiled: load such data from a server or split the file`,
    },
  );
}

function literalOffset(text: string, literal: string): number {
  return Math.max(0, text.indexOf(`'${literal}'`), text.indexOf(`"${literal}"`));
}

function requireDiagnostic(file: SourceFile, reference: Reference): Diagnostic {
  const { literal, offset, climbs } = reference;
  if (climbs) return climbDiagnostic(file, reference, false);
  const bare = !/^[./]/.test(literal);
  return createDiagnostic(file, {
    code: bare ? 'NPM_MISSING' : 'FILE_MISSING',
    severity: 'warning',
    message: phrase`module ${literal} was not found`,
    hint: bare ? phrase`run npm install ${literal} in the project` : phrase`correct the path, or add the file`,
    at: offset,
  });
}
