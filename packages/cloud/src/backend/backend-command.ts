import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CloudError } from '../errors.ts';
import { phrase } from '../phrase.ts';
import { readJsonFile } from '../project/parse-json.ts';

/** Files that are tried when package.json names none. */
const ENTRY_FILES = ['index.js', 'app.js', 'server.js', 'main.js', 'index.mjs', 'index.cjs', 'index.ts'];

/**
 * How a backend starts: `command` of sparrow.json; else the script `start` of its package.json when that is `node …`; else the
 * file `main` names; else the first of index.js, app.js, server.js … that exists. `node` is always the Node that runs Sparrow.
 * Process managers (pm2, nodemon) are passed over: restarting is the supervisor's own work.
 *
 * @throws CloudError BACKEND_NO_COMMAND, PROJECT_INVALID.
 */
export function backendCommand(dir: string, command: string[] | undefined): { file: string; args: string[] } {
  const words = command ?? startScript(dir) ?? entryFile(dir);
  if (words === undefined || words[0] === undefined)
    throw new CloudError('BACKEND_NO_COMMAND', phrase`${dir} does not say how its backend starts`, {
      hint: phrase`add "main" or a "start" script of the form "node x.js" to its package.json, or backend.command to sparrow.json`,
    });
  const [file, ...args] = words;
  return { file: file === 'node' ? process.execPath : file, args };
}

function startScript(dir: string): string[] | undefined {
  const start = (packageJson(dir)?.scripts as Record<string, unknown> | undefined)?.start;
  if (typeof start !== 'string') return undefined;
  const words = start.trim().split(/\s+/);
  // Anything that needs a shell is left to `backend.command`.
  if (words[0] !== 'node' || /[&|;<>$`"'\\*?]/.test(start)) return undefined;
  return words;
}

function entryFile(dir: string): string[] | undefined {
  const main = packageJson(dir)?.main;
  const names = typeof main === 'string' ? [main, `${main}.js`, join(main, 'index.js')] : [];
  const file = [...names, ...ENTRY_FILES].find((name) => existsSync(join(dir, name)) && /\.[cm]?[jt]s$/.test(name));
  return file === undefined ? undefined : ['node', file];
}

function packageJson(dir: string): Record<string, unknown> | undefined {
  const json = readJsonFile(join(dir, 'package.json'));
  return typeof json === 'object' && json !== null ? (json as Record<string, unknown>) : undefined;
}
