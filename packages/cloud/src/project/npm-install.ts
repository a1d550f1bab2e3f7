import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import type { Phrase } from '@sparrow/core';
import { startChild } from '@sparrow/core/process';
import { npmEnvironment } from '../backend/environment.ts';
import { createLineSplitter } from '../backend/line-splitter.ts';
import { phrase } from '../phrase.ts';

export interface NpmRun {
  onLine(text: string | Phrase): void;
  /** Milliseconds until npm is stopped. */
  leftMs(): number;
}

/**
 * Runs npm in the folder itself.
 *
 * @returns why it failed, with npm's last lines; undefined when everything is there.
 */
export function installInPlace(
  dir: string,
  command: 'ci' | 'install',
  development: boolean,
  run: NpmRun,
): Promise<Phrase | undefined> {
  return npm(dir, development ? [command] : [command, '--omit=dev'], run);
}

/**
 * Installs some packages into the folder's node_modules, whatever else its package.json lists. They are made ready
 * beside and moved in, so each is there as a whole or not at all, and npm writes none of the user's files.
 *
 * @returns why it failed, with npm's last lines.
 */
export async function installApart(
  dir: string,
  wanted: readonly { name: string; spec: string }[],
  run: NpmRun,
): Promise<Phrase | undefined> {
  const modules = join(dir, 'node_modules');
  mkdirSync(modules, { recursive: true });
  const workshop = mkdtempSync(join(modules, '.sparrow-'));
  try {
    // A path is meant from the project.
    const fromHere = (spec: string): string =>
      spec.startsWith('file:') ? `file:${resolve(dir, spec.slice('file:'.length))}` : spec;
    const dependencies = Object.fromEntries(wanted.map(({ name, spec }) => [name, fromHere(spec)]));
    writeFileSync(join(workshop, 'package.json'), JSON.stringify({ private: true, dependencies }));
    if (existsSync(join(dir, '.npmrc'))) copyFileSync(join(dir, '.npmrc'), join(workshop, '.npmrc'));
    const failure = await npm(workshop, ['install'], run);
    if (failure !== undefined) return failure;
    const made = join(workshop, 'node_modules');
    const asked = new Set(wanted.map(({ name }) => name));
    // What they need comes first. A version that is there already stays, and the other one goes with the package.
    for (const name of packagesIn(made).filter((name) => !asked.has(name))) {
      const [only] = wanted;
      const taken = existsSync(join(modules, name));
      if (!taken) move(join(made, name), join(modules, name));
      else if (wanted.length === 1 && only) move(join(made, name), join(made, only.name, 'node_modules', name));
    }
    for (const name of asked) move(join(made, name), join(modules, name));
    return undefined;
  } finally {
    rmSync(workshop, { recursive: true, force: true });
    if (readdirSync(modules).length === 0) rmdirSync(modules);
  }
}

function packagesIn(modules: string): string[] {
  return readdirSync(modules).flatMap((entry) => {
    if (entry.startsWith('.')) return [];
    return entry.startsWith('@') ? readdirSync(join(modules, entry)).map((name) => `${entry}/${name}`) : [entry];
  });
}

function move(from: string, to: string): void {
  if (existsSync(to) || !existsSync(from)) return;
  mkdirSync(dirname(to), { recursive: true });
  // npm links a folder by a path from where it stands.
  if (lstatSync(from).isSymbolicLink()) symlinkSync(relative(realpathSync(dirname(to)), realpathSync(from)), to, 'dir');
  else renameSync(from, to);
}

async function npm(dir: string, command: readonly string[], run: NpmRun): Promise<Phrase | undefined> {
  const limit = Math.round(run.leftMs());
  const lines: string[] = [];
  const failed = (what: Phrase): Phrase => phrase`\`npm ${command[0] ?? ''}\` in ${dir} ${what}\n${lines.join('\n')}`;
  if (limit <= 0) return failed(phrase`was not begun: the time is up`);
  const onLine = (text: string): void => {
    lines.push(text);
    if (lines.length > 20) lines.shift();
    run.onLine(text);
  };
  const script = process.env.npm_execpath;
  const [file, args] = script ? [process.execPath, [script]] : ['npm', []];
  const child = await startChild(file, [...args, ...command, '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: dir,
    env: npmEnvironment(process.env),
    stdio: ['ignore', 'pipe', 'pipe'],
  }).catch((error: Error) => error);
  if (child instanceof Error) return failed(phrase`could not be started: ${child.message}`);
  for (const stream of [child.process.stdout, child.process.stderr]) {
    const splitter = createLineSplitter(onLine);
    stream?.on('data', splitter.write);
    stream?.on('end', splitter.end);
  }
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    void child.stop();
  }, limit);
  const { code } = await child.ended;
  clearTimeout(timer);
  if (late) return failed(phrase`took longer than ${Math.round(limit / 1000)} s`);
  return code === 0 ? undefined : failed(phrase`ended with exit code ${code ?? '?'}`);
}
