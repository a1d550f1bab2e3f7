import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { joinInside, leadsInside } from '@sparrow/core/files';
import { holdFile, isHeld } from '@sparrow/core/hold-file';
import type { RunFile } from '@sparrow/protocol';
import { CloudError } from '../errors.ts';
import { phrase } from '../phrase.ts';
import { readIfThere, writeFileAtomic } from './atomic-file.ts';
import { stateHomeOf, writeToken } from './console-token.ts';
import { endLeftover } from './process-identity.ts';

/** Format of the whole `.sparrow` folder; `control.db` counts its own. */
export const STATE_FORMAT = 1;

/** The `.sparrow` folder of a project, held by this process. */
export interface StateFolder {
  path: string;
  /**
   * Bearer token of `/api/v1`: 32 bytes, base64url, the same in every run; programs of this user find it in a file of
   * mode 0600.
   */
  token: string;
  /** `apps/<app>/<env>/{data,files,logs}`, made when asked for. */
  appFolder(app: string, env: string, kind: 'data' | 'files' | 'logs'): string;
  writeRun(run: RunFile): void;
  /** Removes run.json and lets go of the folder. */
  release(): void;
}

/**
 * Takes a project's state folder for this process.
 *
 * The kernel lets go of the lock however the process ends, see `holdFile`.
 *
 * @param options.userHome folder for what belongs to the user and not to a project; default `~/.local/state`
 * @throws CloudError FOLDER_IN_USE naming the holder, STATE_TOO_NEW.
 */
export function openStateFolder(projectDir: string, options: { userHome?: string } = {}): StateFolder {
  const path = join(projectDir, '.sparrow');
  // A project from elsewhere may bring the folder along, as a link to where nothing of it should be written.
  if (!leadsInside(projectDir, path))
    throw new CloudError('PATH_OUTSIDE_PROJECT', phrase`${path} is a link out of the project`, {
      hint: phrase`remove the link`,
    });
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const unlock = lock(path);
  try {
    checkFormat(path);
    // What a killed run left: its backend may still hold a port and the data folder.
    const before = readRun(projectDir);
    if (before?.backend) endLeftover(before.backend, path);
    rmSync(join(path, 'run.json'), { force: true });
    const token = writeToken(path, options.userHome ?? stateHomeOf(process.env.XDG_STATE_HOME));
    // The listener also keeps the lock from being collected, which would let go of it.
    const release = (): void => {
      process.off('exit', release);
      rmSync(join(path, 'run.json'), { force: true });
      unlock();
    };
    process.once('exit', release);
    return {
      path,
      token,
      appFolder(app, env, kind) {
        const folder = joinInside(path, 'apps', app, env, kind);
        if (folder === undefined || !leadsInside(path, folder))
          throw new CloudError(
            'PATH_OUTSIDE_PROJECT',
            phrase`apps/${app}/${env}/${kind} of ${path} is a link out of it`,
            {
              hint: phrase`remove the link`,
            },
          );
        mkdirSync(folder, { recursive: true, mode: 0o700 });
        return folder;
      },
      writeRun: (run) => writeFileAtomic(join(path, 'run.json'), `${JSON.stringify(run, null, 2)}\n`),
      release,
    };
  } catch (error) {
    unlock();
    throw error;
  }
}

/** Who runs on a project's folder, as far as run.json tells. */
export function readRun(projectDir: string): RunFile | undefined {
  const text = readIfThere(join(projectDir, '.sparrow', 'run.json'));
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as RunFile;
  } catch {
    return undefined;
  }
}

/** Whether a process holds the folder now. */
export function isFolderHeld(projectDir: string): boolean {
  return isHeld(join(projectDir, '.sparrow', 'lock'));
}

function lock(path: string): () => void {
  const held = holdFile(join(path, 'lock'));
  if (held) return held.release;
  const holder = readRun(join(path, '..'));
  const who = holder ? phrase`by pid ${holder.pid}, at ${holder.url}` : phrase`by a process that is still starting`;
  throw new CloudError('FOLDER_IN_USE', phrase`${path} is in use ${who}`, {
    hint: holder
      ? phrase`open ${holder.url}, or stop it with: kill ${holder.pid}`
      : phrase`wait a moment or stop that process`,
  });
}

function checkFormat(path: string): void {
  const file = join(path, 'format');
  const text = readIfThere(file);
  if (text === undefined) {
    writeFileAtomic(file, `${STATE_FORMAT}\n`);
    return;
  }
  const format = Number(text);
  if (format > STATE_FORMAT || !Number.isInteger(format))
    throw new CloudError(
      'STATE_TOO_NEW',
      phrase`${path} has format ${text.trim()}, this Sparrow knows ${STATE_FORMAT}`,
      {
        hint: phrase`update Sparrow, or run \`sparrow reset\` to begin with an empty state`,
      },
    );
}
