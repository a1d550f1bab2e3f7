// The programs that tests and benches drive, where they come from, and which part needs which.
// Runs on the machine's own Node (20 or newer), so it imports nothing of ours.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const onPath = (names, more = []) => {
  for (const name of names)
    for (const folder of [...(process.env.PATH ?? '').split(':'), '/usr/bin', '/usr/sbin', '/usr/local/bin', ...more])
      if (folder && existsSync(join(folder, name))) return join(folder, name);
  return undefined;
};

/** Each program: how it is found, the Debian packages that bring it, and arguments with which it must answer 0. */
const programs = {
  chromium: {
    find: () => {
      const named = process.env.SPARROW_CHROMIUM;
      if (named && existsSync(named)) return named;
      return onPath(['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']);
    },
    packages: ['chromium', 'fonts-noto-cjk'],
    proof: ['--version', '--no-sandbox'],
  },
  postgresql: {
    find: () => ['17', '16', '15'].map((v) => `/usr/lib/postgresql/${v}/bin/postgres`).find(existsSync),
    packages: ['postgresql-15'],
    proof: ['--version'],
  },
  redis: { find: () => onPath(['redis-server']), packages: ['redis-server'], proof: ['--version'] },
  nats: { find: () => onPath(['nats-server']), packages: ['nats-server'], proof: ['--version'] },
  java: { find: () => onPath(['java']), packages: ['default-jre-headless'], proof: ['-version'] },
  zookeeper: { find: () => ['/usr/share/java/zookeeper.jar'].find(existsSync), packages: ['zookeeper'] },
  ip: { find: () => onPath(['ip']), packages: ['iproute2'], proof: ['-V'] },
  // Its library stands between a server and its clock.
  faketime: { find: () => onPath(['faketime']), packages: ['faketime'], proof: ['--version'] },
  iptables: { find: () => onPath(['iptables']), packages: ['iptables'], proof: ['--version'] },
};

/** What the tests of a part need; a part that is not listed needs none. */
const needs = {
  runtime: ['chromium'],
  simulator: ['chromium'],
  cloud: ['chromium', 'postgresql'],
  cli: ['chromium', 'postgresql'],
  e2e: ['chromium', 'postgresql'],
  testkit: ['postgresql'],
  store: ['postgresql', 'redis', 'ip', 'iptables', 'faketime'],
  router: ['java', 'zookeeper', 'nats', 'redis', 'ip', 'iptables'],
};

/** The programs that `npm test -- <parts>` needs; of all parts when none is named. A part may be a path into it. */
export function programsFor(parts) {
  const all =
    parts.length === 0
      ? Object.keys(needs)
      : parts.flatMap((part) => Object.keys(needs).filter((name) => part.split('/').includes(name)));
  return [...new Set(all.flatMap((part) => needs[part]))];
}

/**
 * Installs what is missing, as root on Debian; otherwise ends through `fail` with the one line to type.
 * @param {string[]} names of `programs`
 * @param {{say(text: string): void, fail(code: string, cause: string, fix: string): never}} io
 */
export function installPrograms(names, { say, fail }) {
  const named = process.env.SPARROW_CHROMIUM;
  if (names.includes('chromium') && named && !existsSync(named))
    fail('CHROMIUM_NOT_FOUND', `SPARROW_CHROMIUM names ${named}, which does not exist`, 'correct or unset it');
  const missing = names.filter((name) => !programs[name].find());
  if (missing.length === 0) return;
  const packages = [...new Set(missing.flatMap((name) => programs[name].packages))];
  const line = `sudo apt-get update && sudo apt-get install -y --no-install-recommends ${packages.join(' ')}`;
  const hasApt = existsSync('/usr/bin/apt-get');
  if (process.getuid?.() !== 0 || !hasApt)
    fail(
      'PROGRAMS_MISSING',
      `the tests drive real programs and these are not on this machine: ${missing.join(', ')}`,
      hasApt
        ? `run:  ${line}`
        : `install ${missing.join(', ')}${missing.includes('chromium') ? ' (or name a Chromium in SPARROW_CHROMIUM)' : ''}`,
    );
  say(`Installing ${missing.join(', ')} from Debian packages …`);
  // With run level 1 Debian's scripts start no service: the tests start their own, on free ports.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const apt = (args) => spawnSync('apt-get', args, { env, stdio: ['ignore', 'ignore', 2] });
  apt(['update']);
  apt(['install', '-y', '--no-install-recommends', ...packages]);
  // apt-get can answer 0 and have installed nothing, so each program is asked.
  for (const name of missing) {
    const { find, proof } = programs[name];
    const found = find();
    const answers = found && (!proof || spawnSync(found, proof, { stdio: 'ignore' }).status === 0);
    if (!answers) fail('PROGRAM_NOT_INSTALLED', `apt-get did not bring a working ${name}`, `run by hand:  ${line}`);
  }
  say(`Installed ${missing.join(', ')}`);
}
