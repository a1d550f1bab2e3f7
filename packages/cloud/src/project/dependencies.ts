import { existsSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { joinInside, leadsInside } from '@sparrow/core/files';
import { startChild } from '@sparrow/core/process';
import { npmEnvironment } from '../backend/environment.ts';
import { createLineSplitter } from '../backend/line-splitter.ts';
import { CloudError } from '../errors.ts';
import { readJsonFile } from './parse-json.ts';

export interface DependencyOptions {
  /** Told about work that takes a while, and what npm prints. */
  onLine?: (text: string) => void;
  /** Limit of one `npm ci`; default five minutes. */
  timeoutMs?: number;
}

/**
 * Makes sure that the packages a folder's package.json lists are in its own node_modules, where mini programs look for them.
 *
 * - Nothing to do when they are there.
 * - A package that a folder above has in the version asked for is linked (so an example inside this repository is ready at once).
 * - Otherwise npm installs all of them: `npm ci` with a lockfile, `npm install` without.
 *
 * @returns what was done.
 * @throws CloudError DEPENDENCIES_MISSING when npm fails, with its last lines.
 */
export async function ensureDependencies(
  dir: string,
  options: DependencyOptions = {},
): Promise<'none' | 'linked' | 'installed'> {
  const wanted = dependenciesOf(dir).filter(({ place }) => !existsSync(place));
  if (wanted.length === 0) return 'none';
  const found = wanted.map(({ name, spec, place }) => ({ place, source: sourceOf(dir, name, spec) }));
  if (found.every(({ source }) => source !== undefined)) {
    for (const { place, source } of found) if (source !== undefined) link(place, source);
    return 'linked';
  }
  await install(dir, options);
  return 'installed';
}

/** Names as npm allows them, old ones with capitals too. They become folders, so nothing else may be one. */
const PACKAGE_NAME = /^(?:@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~_-][a-z0-9._~-]*$/i;

/** What package.json asks for, with the folder that each is looked for in. */
function dependenciesOf(dir: string): { name: string; spec: string; place: string }[] {
  const file = join(dir, 'package.json');
  const json = readJsonFile(file) as { dependencies?: unknown } | null | undefined;
  const list = json?.dependencies;
  if (typeof list !== 'object' || list === null) return [];
  return Object.entries(list).map(([name, spec]) => {
    const modules = join(dir, 'node_modules');
    const place = PACKAGE_NAME.test(name) ? joinInside(modules, name) : undefined;
    if (place === undefined || typeof spec !== 'string')
      throw new CloudError(
        'PROJECT_INVALID',
        `${file} depends on ${JSON.stringify(name)}, which is no name of a package`,
        {
          hint: 'correct the name in "dependencies"; npm refuses it as well',
        },
      );
    if (!leadsInside(dir, dirname(place)))
      throw new CloudError('PATH_OUTSIDE_PROJECT', `${modules} is a link out of the project`, {
        hint: 'remove the link and run npm install',
      });
    return { name, spec, place };
  });
}

/** Folder above that holds the very version that is asked for; ranges are left to npm. */
function sourceOf(dir: string, name: string, spec: string): string | undefined {
  if (spec.startsWith('file:')) {
    const path = resolve(dir, spec.slice('file:'.length));
    return existsSync(path) && statSync(path).isDirectory() ? path : undefined;
  }
  for (let above = dirname(dir); ; above = dirname(above)) {
    const folder = join(above, 'node_modules', name);
    const file = join(folder, 'package.json');
    if (existsSync(file)) {
      const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version?: string };
      return version === spec ? folder : undefined;
    }
    if (above === dirname(above)) return undefined;
  }
}

function link(at: string, source: string): void {
  mkdirSync(dirname(at), { recursive: true });
  // A link that leads nowhere any more.
  rmSync(at, { force: true });
  symlinkSync(relative(dirname(at), source), at, 'dir');
}

async function install(dir: string, options: DependencyOptions): Promise<void> {
  const lines: string[] = [];
  const onLine = (text: string): void => {
    lines.push(text);
    if (lines.length > 20) lines.shift();
    options.onLine?.(text);
  };
  const command = existsSync(join(dir, 'package-lock.json')) ? 'ci' : 'install';
  options.onLine?.(`installing the packages of ${join(dir, 'package.json')} …`);
  const failure = (what: string): CloudError =>
    new CloudError('DEPENDENCIES_MISSING', `\`npm ${command}\` in ${dir} ${what}\n${lines.join('\n')}`, {
      hint: `check the network and run \`npm ${command}\` in ${dir}`,
    });
  const npm = process.env.npm_execpath;
  const [file, args] = npm ? [process.execPath, [npm]] : ['npm', []];
  const child = await startChild(file, [...args, command, '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: dir,
    env: npmEnvironment(process.env),
    stdio: ['ignore', 'pipe', 'pipe'],
  }).catch((error: Error) => {
    throw failure(`could not be started: ${error.message}`);
  });
  for (const stream of [child.process.stdout, child.process.stderr]) {
    const splitter = createLineSplitter(onLine);
    stream?.on('data', splitter.write);
    stream?.on('end', splitter.end);
  }
  const timeoutMs = options.timeoutMs ?? 5 * 60_000;
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    void child.stop();
  }, timeoutMs);
  const { code } = await child.ended;
  clearTimeout(timer);
  if (late) throw failure(`took longer than ${timeoutMs / 1000} s`);
  if (code !== 0) throw failure(`ended with exit code ${code}`);
}
