import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A node as the official template program gives it: a text, or an element with the prefix `wx-`. */
export type OfficialNode = string | { tag: string; attr?: Record<string, unknown>; children: OfficialNode[] };
type Program = (path: string) => (data: object) => OfficialNode;

/**
 * Compiles templates with the official compiler (npm `miniprogram-compiler`, a program for Linux of 2019 to 2023).
 *
 * @param files by path; every file that another one names is among them
 * @returns the tree of a template with data
 */
export function compileOfficially(
  files: Readonly<Record<string, string>>,
): (path: string, data: object) => OfficialNode {
  const dir = mkdtempSync(join(tmpdir(), 'sparrow-official-'));
  try {
    const packed = createRequire(import.meta.url).resolve('miniprogram-compiler/package.json');
    // The package brings it without the right to run it.
    const program = join(dir, 'wcc');
    copyFileSync(join(dirname(packed), 'bin/linux/wcc'), program);
    chmodSync(program, 0o755);
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(join(dir, dirname(path)), { recursive: true });
      writeFileSync(join(dir, path), text);
    }
    const code = execFileSync(program, ['-d', ...Object.keys(files)], {
      cwd: dir,
      encoding: 'utf8',
      maxBuffer: 1 << 28,
      timeout: 120_000,
    });
    const load = new Function('global', 'window', '__wxAppCode__', `${code}\nreturn $gwx`);
    const official = load({}, {}, {}) as Program;
    return (path, data) => official(path)(data);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
