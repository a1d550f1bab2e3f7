// Sets up what is missing on a fresh machine: the packages of the lockfile and, with --test, every program that tests
// drive. (`npm test -- <package>` and `npm run bench` install only what they need, when they know what was asked for.)
// Runs on the machine's own Node (20 or newer) before Node 24 is there, so it imports nothing of ours but ./debian.mjs.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { installPrograms, programsFor } from './debian.mjs';
import { inShellLanguage } from './errors.zh.mjs';
import { fail, root } from './lib.mjs';

const flags = new Set(process.argv.slice(2));
const quiet = flags.has('--quiet');
const say = (text) => {
  if (!quiet) process.stderr.write(`${text}\n`);
};

const [major] = process.versions.node.split('.').map(Number);
if (major < 20) fail('NODE_TOO_OLD', `this is Node ${process.versions.node}`, 'install Node 20 or newer and try again');

installPackages();
if (flags.has('--test')) installPrograms(programsFor([]), { say, fail });

function installPackages() {
  const lock = readFileSync(join(root, 'package-lock.json'));
  const stamp = createHash('sha256').update(lock).digest('hex');
  // npm ci wipes node_modules, so an aborted install leaves no stamp behind.
  const stampFile = join(root, 'node_modules', '.sparrow-lock');
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return;
  say(
    inShellLanguage(
      'Installing packages (the first time takes about half a minute) …',
      '正在安装依赖（首次约需半分钟）……',
    ),
  );
  const npm = process.env.npm_execpath;
  const [command, args] = npm ? [process.execPath, [npm, 'ci']] : ['npm', ['ci']];
  const run = spawnSync(command, [...args, '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', quiet ? 'ignore' : 2, 2],
  });
  if (run.status !== 0)
    fail(
      'PACKAGES_NOT_INSTALLED',
      '`npm ci` failed, its output is above',
      'check the network and run the command again',
    );
  if (!existsSync(join(root, 'node_modules/node/bin/node')))
    fail(
      'NODE_24_MISSING',
      'the package "node" did not bring its binary (were install scripts switched off?)',
      'run `npm config set ignore-scripts false`, remove node_modules and try again',
    );
  mkdirSync(dirname(stampFile), { recursive: true });
  writeFileSync(stampFile, stamp);
}
