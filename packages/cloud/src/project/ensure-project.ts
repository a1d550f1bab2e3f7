import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Phrase } from '@sparrow/core';
import { CloudError } from '../errors.ts';
import { phrase } from '../phrase.ts';
import { ensureDependencies } from './dependencies.ts';
import type { Project } from './read-project.ts';

/**
 * Makes sure of the packages of the mini program and of its backend.
 *
 * @returns what cannot be had: only the pages that need it, or the backend, do without.
 */
export async function ensureProject(
  project: Project,
  options: { onLine?: ((text: string | Phrase) => void) | undefined; timeoutMs?: number | undefined } = {},
): Promise<Phrase[]> {
  const { onLine = () => {}, timeoutMs } = options;
  const { dir, clientDir, backendDir } = project;
  const clients = [...new Set([dir, clientDir])];
  const built = clients.filter((folder) => existsSync(join(folder, 'miniprogram_npm')));
  const ofBackend = backendDir === undefined ? [] : [homeOf(backendDir, dir)];
  // What the developer has built is complete; only a backend looks into node_modules.
  const folders = built.length > 0 ? ofBackend : [...clients, ...ofBackend];
  const notices: Phrase[] = [];
  for (const folder of new Set(folders)) {
    try {
      await ensureDependencies(folder, { onLine, timeoutMs, built, development: ofBackend.includes(folder) });
    } catch (error) {
      if (!(error instanceof CloudError) || error.code !== 'DEPENDENCIES_MISSING') throw error;
      notices.push(phrase`${error.told}\nFix: ${error.advice}`);
    }
  }
  return notices;
}

/** The folder whose package.json is the backend's: its own, or the project's. */
function homeOf(backendDir: string, dir: string): string {
  return existsSync(join(backendDir, 'package.json')) ? backendDir : dir;
}
