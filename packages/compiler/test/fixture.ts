import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Diagnostic } from '@sparrow/protocol';
import { type CompiledPackage, createBuilder } from '../src/build.ts';

export interface Fixture {
  dir: string;
  write(files: Record<string, string>): void;
  remove(path: string): void;
  [Symbol.dispose](): void;
}

/** A project in a folder of its own, which is gone at the end of the test. */
export function fixture(files: Record<string, string>): Fixture {
  const dir = mkdtempSync(join(tmpdir(), 'sparrow-compiler-'));
  const self: Fixture = {
    dir,
    write(more) {
      for (const [path, text] of Object.entries(more)) {
        mkdirSync(dirname(join(dir, path)), { recursive: true });
        writeFileSync(join(dir, path), text);
      }
    },
    remove: (path) => rmSync(join(dir, path), { recursive: true, force: true }),
    [Symbol.dispose]: () => rmSync(dir, { recursive: true, force: true }),
  };
  self.write(files);
  return self;
}

/** The files of a page `pages/a` with an app.json around it; `files` are added and win. */
export function onePage(files: Record<string, string> = {}): Record<string, string> {
  return {
    'app.json': JSON.stringify({ pages: ['pages/a'] }),
    'app.js': 'App({})',
    'pages/a.js': 'Page({})',
    'pages/a.wxml': '<view>a</view>',
    ...files,
  };
}

export async function build(files: Record<string, string>): Promise<CompiledPackage> {
  using project = fixture(files);
  // In this thread: what a worker adds is what isolation.test.ts is about.
  return await createBuilder(project.dir).build();
}

export function errors(pkg: CompiledPackage): Diagnostic[] {
  return pkg.manifest.diagnostics.filter((diagnostic) => diagnostic.severity === 'error');
}

/** `CODE file:line:column` of every finding. */
export function summary(pkg: CompiledPackage): string[] {
  return pkg.manifest.diagnostics.map(({ code, file, line, column }) => `${code} ${file}:${line}:${column}`);
}

export interface EvaluatedTemplate {
  groupList: Record<string, unknown>;
  content: (name: string) => unknown;
  fallbackListenerOnNativeNode: boolean;
}

/** Evaluates the templates of a bundle as the runtime does. */
export function evaluate(pkg: CompiledPackage, root = ''): Record<string, EvaluatedTemplate> {
  const { templates } = pkg.services.get(root)!;
  return new Function(`return ${templates}`)() as Record<string, EvaluatedTemplate>;
}
