import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join, resolve } from 'node:path';
import type { Phrase } from '@sparrow/core';
import { DEFAULT_PORT } from '@sparrow/protocol';
import { Command } from 'commander';
import { quote } from '../invocation.ts';
import { createIo, type Io } from '../io.ts';
import { phrase } from '../phrase.ts';
import { REPOSITORY } from '../repository.ts';
import { pad, shortPath, table } from '../text.ts';
import type { CommonOptions, SetExitCode } from './command.ts';

/** `warn`: some command will not work, most do. */
type State = 'ok' | 'warn' | 'fail';

export interface Finding {
  name: string | Phrase;
  state: State;
  detail: string | Phrase;
  /** What to do when it is not ok. */
  fix?: Phrase;
}

/** What a part that is not there yet has as its scaled form. */
const LATER = phrase`not yet`;

/** Parts of the cloud, what runs them here, and what there is today for when one machine is outgrown. */
async function partsOf(dir: string) {
  const { readStoreConfig } = await import('@sparrow/store');
  const sharded = readStoreConfig(join(dir, '.sparrow/store')).meta !== undefined;
  const meshed = existsSync(join(dir, 'game.json'));
  const part = (name: Phrase, embedded: string | Phrase, scaled: string | Phrase, isScaled = false) => ({
    part: name,
    embedded,
    scaled,
    inUse: isScaled ? phrase`scaled` : phrase`embedded`,
  });
  return [
    part(phrase`sessions and control`, 'SQLite (node:sqlite)', LATER),
    part(phrase`backends`, phrase`a local process`, LATER),
    part(phrase`tunnel`, phrase`in process`, LATER),
    part(phrase`files`, phrase`a folder`, LATER),
    part(phrase`records`, phrase`LMDB behind a log`, phrase`PostgreSQL shards`, sharded),
    part(phrase`game objects`, phrase`one process`, phrase`routers with ZooKeeper, NATS`, meshed),
  ];
}

export function doctorCommand(setExitCode: SetExitCode): Command {
  return new Command('doctor')
    .description('look at this machine: what is there, what is missing, what to do about it')
    .argument('[dir]', 'project whose parts are told', '.')
    .action(async (dir: string, options: CommonOptions) => {
      const io = createIo(options.json);
      const findings = await examine();
      const parts = await partsOf(resolve(io.cwd, dir));
      for (const finding of findings) show(io, finding);
      io.say();
      for (const line of table(
        [phrase`part`, phrase`embedded`, phrase`scaled`, phrase`in use`].map(io.tell),
        parts.map(({ part, embedded, scaled, inUse }) => [part, embedded, scaled, inUse].map(io.tell)),
      ))
        io.say(`  ${line}`);
      const failed = findings.filter(({ state }) => state === 'fail').length;
      io.say();
      io.say(
        failed
          ? phrase`To be mended first: ${failed}.`
          : phrase`Ready. Next: sparrow dev ${quote(shortPath(io.cwd, join(REPOSITORY, 'examples/chat-room')))}`,
      );
      io.json(options.json, { ok: failed === 0, findings, parts });
      setExitCode(failed ? 1 : 0);
    });
}

async function examine(): Promise<Finding[]> {
  const { lanAddresses, portHolder } = await import('@sparrow/cloud');
  const findings: Finding[] = [];
  const [major = 0] = process.versions.node.split('.').map(Number);
  findings.push(
    major >= 24
      ? { name: 'Node', state: 'ok', detail: phrase`${process.version} at ${process.execPath}` }
      : {
          name: 'Node',
          state: 'fail',
          detail: process.version,
          fix: phrase`start Sparrow by npm: npm run -s sparrow -- …`,
        },
  );
  const npm = version('npm', ['--version']);
  findings.push(
    npm
      ? { name: 'npm', state: 'ok', detail: npm }
      : { name: 'npm', state: 'fail', detail: phrase`not found`, fix: phrase`install Node with npm` },
  );
  findings.push(
    existsSync('/bin/sh')
      ? { name: phrase`shell`, state: 'ok', detail: '/bin/sh' }
      : {
          name: phrase`shell`,
          state: 'warn',
          detail: phrase`no /bin/sh`,
          fix: phrase`install one: without it backends outlive a killed Sparrow`,
        },
  );
  const built = existsSync(join(REPOSITORY, 'packages/simulator/dist/phone.html'));
  findings.push(
    built
      ? { name: phrase`browser parts`, state: 'ok', detail: phrase`built` }
      : { name: phrase`browser parts`, state: 'fail', detail: phrase`not built`, fix: phrase`npm run build` },
  );
  findings.push(await chromium());
  const holder = portHolder(DEFAULT_PORT);
  findings.push(
    holder
      ? {
          name: phrase`port ${DEFAULT_PORT}`,
          state: 'warn',
          detail: phrase`in use by pid ${holder.pid} (${holder.command})`,
          fix: phrase`nothing: the next free port is taken; or stop that program`,
        }
      : { name: phrase`port ${DEFAULT_PORT}`, state: 'ok', detail: phrase`free` },
  );
  const addresses = lanAddresses(networkInterfaces());
  findings.push(
    addresses.length > 0
      ? { name: phrase`local network`, state: 'ok', detail: addresses.join(', ') }
      : {
          name: phrase`local network`,
          state: 'warn',
          detail: phrase`no address`,
          fix: phrase`connect it to a network: a phone cannot open the QR code without one`,
        },
  );
  return findings;
}

async function chromium(): Promise<Finding> {
  // Loaded only here: it brings a browser driver along.
  const { findChromium } = await import('@sparrow/simulator/server');
  const path = findChromium();
  const found = path && version(path, ['--version', '--no-sandbox']);
  if (found) return { name: 'Chromium', state: 'ok', detail: phrase`${found} at ${path}` };
  return {
    name: 'Chromium',
    state: 'warn',
    detail: phrase`not found: \`sparrow check\` and the tests need it`,
    fix: phrase`sudo apt-get install -y chromium fonts-noto-cjk, or name one in SPARROW_CHROMIUM`,
  };
}

function version(command: string, args: string[]): string | undefined {
  try {
    return execFileSync(command, args, {
      encoding: 'utf8',
      timeout: 20_000,
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return undefined;
  }
}

function show(io: Io, { name, state, detail, fix }: Finding): void {
  const mark = { ok: io.paint('green', '✓'), warn: io.paint('yellow', '!'), fail: io.paint('red', '✗') }[state];
  io.say(`${mark} ${pad(io.tell(name), 14)} ${io.tell(detail)}`);
  if (fix) io.say(`  ${' '.repeat(14)} ${io.tell(phrase`Fix: ${fix}`)}`);
}
