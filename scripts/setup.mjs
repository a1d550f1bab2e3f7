// Sets up what is missing on a fresh machine: the packages of the lockfile and, with --test, a Chromium.
// Runs on the machine's own Node (20 or newer) before Node 24 is installed from devDependencies, so it imports nothing of ours.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const flags = new Set(process.argv.slice(2));
const quiet = flags.has('--quiet');
const say = (text) => {
  if (!quiet) process.stderr.write(`${text}\n`);
};

/** Ends with code, cause and fix, the shape of every error of Sparrow. */
function fail(code, cause, fix) {
  process.stderr.write(`\n  ${code}: ${cause}\n  Fix: ${fix}\n\n`);
  process.exit(1);
}

const [major] = process.versions.node.split('.').map(Number);
if (major < 20) fail('NODE_TOO_OLD', `this is Node ${process.versions.node}`, 'install Node 20 or newer and try again');

installPackages();
if (flags.has('--test')) installChromium();

function installPackages() {
  const lock = readFileSync(join(root, 'package-lock.json'));
  const stamp = createHash('sha256').update(lock).digest('hex');
  // npm ci wipes node_modules, so an aborted install leaves no stamp behind.
  const stampFile = join(root, 'node_modules', '.sparrow-lock');
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return;
  say('Installing packages (the first time takes about half a minute) …');
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

/** The first Chromium-like browser on this machine, or undefined. */
function findChromium() {
  const override = process.env.SPARROW_CHROMIUM;
  if (override) {
    if (existsSync(override)) return override;
    fail('CHROMIUM_NOT_FOUND', `SPARROW_CHROMIUM names ${override}, which does not exist`, 'correct or unset it');
  }
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/bin', '/usr/local/bin'];
  for (const name of names)
    for (const folder of folders) if (folder && existsSync(join(folder, name))) return join(folder, name);
  return undefined;
}

function installChromium() {
  if (findChromium()) return;
  const line = 'sudo apt-get update && sudo apt-get install -y --no-install-recommends chromium fonts-noto-cjk';
  const isRoot = process.getuid?.() === 0;
  if (!isRoot || !existsSync('/usr/bin/apt-get')) {
    fail(
      'CHROMIUM_NOT_FOUND',
      'the tests drive a real Chromium and there is none on this machine',
      existsSync('/usr/bin/apt-get')
        ? `run:  ${line}`
        : 'install Chromium or Chrome, or name it in the environment variable SPARROW_CHROMIUM',
    );
  }
  say('Installing Chromium from Debian packages …');
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = (args) => spawnSync('apt-get', args, { env, stdio: ['ignore', 'ignore', 2] });
  apt(['update']);
  apt(['install', '-y', '--no-install-recommends', 'chromium', 'fonts-noto-cjk']);
  // apt-get can answer 0 and have installed nothing, so the binary itself is asked.
  const found = findChromium();
  const version = found && spawnSync(found, ['--version', '--no-sandbox'], { encoding: 'utf8' });
  if (!found || version.status !== 0)
    fail('CHROMIUM_NOT_INSTALLED', 'apt-get did not bring a Chromium that starts', `run by hand:  ${line}`);
  say(`Installed ${version.stdout.trim()}`);
}
