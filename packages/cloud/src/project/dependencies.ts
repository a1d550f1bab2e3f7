import { existsSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import type { Phrase } from '@sparrow/core';
import { joinInside, leadsInside } from '@sparrow/core/files';
import { CloudError } from '../errors.ts';
import { phrase } from '../phrase.ts';
import { installApart, installInPlace } from './npm-install.ts';
import { readJsonFile } from './parse-json.ts';

export interface DependencyOptions {
  /** Told about work that takes a while, and what npm prints. */
  onLine?: (text: string | Phrase) => void;
  /** Limit for all that npm does here; default five minutes. */
  timeoutMs?: number | undefined;
  /** Folders whose `miniprogram_npm` brings packages: the developer has built what is in there. */
  built?: readonly string[];
  /** Install in place what serves development too: a backend may be started with it. */
  development?: boolean;
}

/**
 * Makes sure that the packages a folder's package.json lists are in its own node_modules, where mini programs look for
 * them.
 *
 * - Nothing to do when they are there, or built into a `miniprogram_npm`.
 * - A package that a folder above has in the version asked for is linked (so an example inside this repository is ready
 * at once).
 * - Otherwise npm installs all of them, without what serves development only and without a change of the user's files.
 * - When that fails, each is installed alone, so that one that cannot be had does not take the others with it.
 *
 * @returns what was done.
 * @throws CloudError DEPENDENCIES_MISSING with what cannot be had and npm's last lines; the others are there then.
 */
export async function ensureDependencies(
  dir: string,
  options: DependencyOptions = {},
): Promise<'none' | 'linked' | 'installed'> {
  const wanted = dependenciesOf(dir).filter(
    ({ name, place }) => !existsSync(place) && !options.built?.some((folder) => isBuilt(folder, name)),
  );
  if (wanted.length === 0) return 'none';
  const found = wanted.map(({ name, spec, place }) => ({ place, source: sourceOf(dir, name, spec) }));
  if (found.every(({ source }) => source !== undefined)) {
    for (const { place, source } of found) if (source !== undefined) link(place, source);
    return 'linked';
  }
  await install(dir, wanted, options);
  return 'installed';
}

function isBuilt(folder: string, name: string): boolean {
  const place = joinInside(join(folder, 'miniprogram_npm'), name);
  return place !== undefined && existsSync(place);
}

async function install(dir: string, wanted: readonly Wanted[], options: DependencyOptions): Promise<void> {
  const deadline = performance.now() + (options.timeoutMs ?? 5 * 60_000);
  const run = { onLine: options.onLine ?? (() => {}), leftMs: () => deadline - performance.now() };
  run.onLine(phrase`installing the packages of ${join(dir, 'package.json')} …`);
  const locked = existsSync(join(dir, 'package-lock.json'));
  const command = locked ? 'ci' : 'install';
  const all = dependenciesOf(dir);
  let failure: Phrase | undefined;
  if (locked || options.development) {
    failure = await installInPlace(dir, command, options.development === true, run);
    if (failure === undefined) return;
  }
  const apart = await installApart(dir, all, run);
  if (apart === undefined) return;
  for (const one of all) if (all.length > 1 && !existsSync(one.place)) await installApart(dir, [one], run);
  const missing = wanted.filter(({ place }) => !existsSync(place));
  if (missing.length === 0) return;
  const names = missing.map(({ name, spec }) => `${name}@${spec}`).join(', ');
  throw new CloudError('DEPENDENCIES_MISSING', phrase`${names} cannot be had: ${failure ?? apart}`, {
    hint: phrase`check the network and run \`npm ${command}\` in ${dir}`,
  });
}

/** Names as npm allows them, old ones with capitals too. They become folders, so nothing else may be one. */
const PACKAGE_NAME = /^(?:@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~_-][a-z0-9._~-]*$/i;

interface Wanted {
  name: string;
  spec: string;
  place: string;
}

/** What package.json asks for, with the folder that each is looked for in. */
function dependenciesOf(dir: string): Wanted[] {
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
        phrase`${file} depends on ${JSON.stringify(name)}, which is no name of a package`,
        {
          hint: phrase`correct the name in "dependencies"; npm refuses it as well`,
        },
      );
    if (!leadsInside(dir, dirname(place)))
      throw new CloudError('PATH_OUTSIDE_PROJECT', phrase`${modules} is a link out of the project`, {
        hint: phrase`remove the link and run npm install`,
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
