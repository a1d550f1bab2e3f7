import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { CliError } from '../errors.ts';
import { quote } from '../invocation.ts';
import { createIo } from '../io.ts';
import { phrase } from '../phrase.ts';
import { shortPath } from '../text.ts';
import type { CommonOptions, SetExitCode } from './command.ts';

interface ResetOptions extends CommonOptions {
  yes?: boolean;
}

export function resetCommand(setExitCode: SetExitCode): Command {
  return new Command('reset')
    .description('remove the local state of a project: users, sessions, data of its backend, uploaded files')
    .argument('[dir]', 'folder of the mini program', '.')
    .option('-y, --yes', 'do not ask')
    .action(async (dir: string, options: ResetOptions) => {
      const io = createIo(options.json, { dir: quote(dir) });
      const { CloudError, isFolderHeld, readProject, readRun } = await import('@sparrow/cloud');
      const project = readProject(resolve(io.cwd, dir));
      const state = join(project.dir, '.sparrow');
      const name = shortPath(io.cwd, state);
      if (!existsSync(state)) {
        io.say(phrase`There is no ${name}: nothing to remove.`);
        io.json(options.json, { removed: false, path: state, bytes: 0 });
        return;
      }
      if (isFolderHeld(project.dir)) {
        const run = readRun(project.dir);
        throw new CloudError(
          'FOLDER_IN_USE',
          phrase`${name} is in use${run ? phrase` by pid ${run.pid}, at ${run.url}` : ''}`,
          {
            hint: run ? phrase`stop that run first: kill ${run.pid}` : phrase`stop that run first`,
          },
        );
      }
      const bytes = sizeOf(state);
      if (!options.yes) {
        if (!io.interactive)
          throw new CliError('CONFIRMATION_NEEDED', phrase`this would remove ${name} (${size(bytes)})`, {
            hint: phrase`add --yes when you mean it`,
          });
        const { confirm, isCancel } = await import('@clack/prompts');
        const answer = await confirm({
          message: io.tell(phrase`Remove ${name} (${size(bytes)}) with all users, data and files?`),
          initialValue: false,
        });
        if (isCancel(answer) || !answer) {
          io.say(phrase`Nothing was removed.`);
          io.json(options.json, { removed: false, path: state, bytes });
          setExitCode(1);
          return;
        }
      }
      rmSync(state, { recursive: true, force: true });
      io.say(phrase`${io.paint('green', '✓')} removed ${name} (${size(bytes)})`);
      io.say(phrase`  Next: sparrow dev ${quote(dir)}`);
      io.json(options.json, { removed: true, path: state, bytes });
    });
}

function sizeOf(path: string): number {
  const info = statSync(path, { throwIfNoEntry: false });
  if (!info?.isDirectory()) return info?.size ?? 0;
  return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0);
}

function size(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${(bytes / 1024).toFixed(1)} KB`;
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}
