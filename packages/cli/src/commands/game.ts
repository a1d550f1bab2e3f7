import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Phrase } from '@sparrow/core';
import { joinInside, leadsInside } from '@sparrow/core/files';
import type { CommandSubject } from '@sparrow/protocol';
import type { Operator } from '@sparrow/router';
import { Command } from 'commander';
import { CliError } from '../errors.ts';
import { quote } from '../invocation.ts';
import { createIo, type Io } from '../io.ts';
import { phrase } from '../phrase.ts';
import { table } from '../text.ts';
import type { CommonOptions, SetExitCode } from './command.ts';

interface GameOptions extends CommonOptions {
  config?: string;
}

/** What `game.json` holds: see packages/router/README.md. */
interface GameConfig {
  zookeeper?: string[];
  root?: string;
  keyFile?: string;
  sessionTimeoutMs?: number;
  routers?: string[];
}

const FOLDER = '.sparrow/game';
const DEFAULT_CONFIG = 'game.json';
/** A set, or a node, that is being started on a busy machine takes its time. */
const START_MS = 60_000;

export function gameCommand(setExitCode: SetExitCode): Command {
  const command = new Command('game')
    .description('run a game over several sets: look, add, drain')
    // `--json` is an option of every command of ours, so it is read at `game`, wherever it stands in the line.
    .hook('preAction', (game, action) => void action.setOptionValue('json', game.opts<GameOptions>().json));
  const sub = (name: string, description: string): Command =>
    command
      .command(name)
      .description(description)
      .option('--config <file>', 'where the mesh agrees and its key', DEFAULT_CONFIG)
      .exitOverride()
      .configureOutput({ outputError: () => {} });

  sub('topology', 'sets, routers, nodes and links; with --find, where an object is')
    .option('--find <object>', 'an object as Type/key')
    .action(async (options: GameOptions & { find?: string }) => {
      const io = createIo(options.json, subjectOf(options));
      await withOperator(io, options, async (operator) => {
        if (options.find) {
          const at = options.find.indexOf('/');
          if (at < 1)
            throw new CliError('USAGE', phrase`"${options.find}" is no Type/key`, {
              hint: phrase`for example --find Player/42`,
            });
          const found = await operator.lookUp(options.find.slice(0, at), options.find.slice(at + 1));
          io.say(
            found.found
              ? phrase`${options.find} is on ${`${found.set}/${found.node}`}, epoch ${`${found.epoch?.term}.${found.epoch?.counter}`}${typeof found.heldForSeconds === 'number' ? phrase`, for ${found.heldForSeconds} s` : ''}; set ${String(found.decidedBy)} decides about it`
              : phrase`${options.find} is not registered`,
          );
          io.json(options.json, found);
          setExitCode(found.found ? 0 : 1);
          return;
        }
        const routers = await operator.topology();
        for (const line of table(
          [phrase`set`, phrase`router`, phrase`role`, phrase`term`, phrase`routes`, phrase`slots`, phrase`lease`].map(
            io.tell,
          ),
          routers.map((one) => [
            one.set,
            one.router,
            io.tell(roleText(one)),
            String(one.term),
            String(one.routes),
            String(one.slots),
            one.leaseMs === null ? io.tell(phrase`no end`) : `${one.leaseMs} ms`,
          ]),
        ))
          io.say(`  ${line}`);
        io.say();
        const nodes = routers
          .filter(({ role }) => role === 'main')
          .flatMap((one) => one.nodes.filter((node) => node.set === one.set));
        for (const line of table(
          [phrase`set`, phrase`node`, phrase`objects`, phrase`types`, phrase`state`].map(io.tell),
          nodes.map((node) => [
            node.set,
            node.node,
            String(node.routes),
            node.types.filter((type) => !type.startsWith('@')).join(' '),
            io.tell(node.isDraining ? phrase`draining` : node.isLinked ? phrase`linked` : phrase`away`),
          ]),
        ))
          io.say(`  ${line}`);
        io.json(options.json, { routers });
        setExitCode(routers.length > 0 ? 0 : 1);
      });
    });

  sub('add-set', 'start a set: a main router and its standby')
    .argument('<set>', 'name of the set')
    .option('--routers <count>', 'routers of the set', '2')
    .option('--host <address>', 'address that nodes and other routers reach', '127.0.0.1')
    .option('--nats <servers>', 'NATS servers that carry what goes between sets, comma separated')
    .action(async (set: string, options: GameOptions & { routers: string; host: string; nats?: string }) => {
      const io = createIo(options.json, subjectOf(options));
      const { startSet, stopStarted } = await import('@sparrow/router');
      const routers = Number(options.routers);
      if (!Number.isInteger(routers) || routers < 1 || routers > 5)
        throw new CliError('USAGE', phrase`${options.routers} routers`, { hint: phrase`a set has 1 to 5; 2 is usual` });
      const folder = join(io.cwd, FOLDER);
      const started = startSet(
        readConfig(io, options),
        { name: set, routers, host: options.host, ...(options.nats && { nats: options.nats.split(',') }) },
        folder,
      );
      const work = withOperator(io, options, async (operator) => {
        const topology = await operator.waitForSet(set, START_MS);
        io.say(phrase`${io.paint('green', '✓')} set ${set}: ${topology.router} leads in term ${topology.term}`);
        io.say(phrase`  Next: sparrow game add-node ${set} n1 --module <file>`);
        io.json(options.json, { set, started, main: topology.router, term: topology.term, slots: topology.slots });
      });
      await orElse(work, () => stopStarted(folder, started));
    });

  sub('add-node', "start a node with the game's own module")
    .argument('<set>', 'the set it joins')
    .argument('<name>', 'unique in the set')
    .requiredOption('--module <file>', 'exports `types`, and `start(node)` if it likes')
    .action(async (set: string, name: string, options: GameOptions & { module: string }) => {
      const io = createIo(options.json, subjectOf(options));
      const { startNode, startedFrom, stopStarted } = await import('@sparrow/router');
      const module = resolve(io.cwd, options.module);
      const folder = join(io.cwd, FOLDER);
      const started = startNode(readConfig(io, options), { set, name, module }, folder);
      const runs = (): boolean => startedFrom(folder).some(({ pid }) => pid === started.pid);
      const work = withOperator(io, options, async (operator) => {
        for (const end = performance.now() + START_MS; performance.now() < end && runs(); ) {
          const { nodes } = await operator.waitForSet(set, START_MS);
          if (nodes.some((node) => node.set === set && node.node === name && node.isLinked)) {
            io.say(phrase`${io.paint('green', '✓')} node ${set}/${name} is linked, pid ${started.pid}`);
            io.json(options.json, { set, node: name, pid: started.pid, log: started.log });
            return;
          }
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
        const what = runs() ? phrase`did not link within ${START_MS / 1000} s` : phrase`ended before it was linked`;
        throw new CliError('TOOL_FAILED', phrase`node ${set}/${name} ${what}`, { hint: phrase`see ${started.log}` });
      });
      await orElse(work, () => stopStarted(folder, [started]));
    });

  sub('drain', 'move everything off a node, or off a whole set, then end its processes')
    .argument('<target>', 'a set, or set/node')
    .option('--keep', 'leave the processes running')
    .action(async (target: string, options: GameOptions & { keep?: boolean }) => {
      const io = createIo(options.json, subjectOf(options));
      const [set = '', node] = target.split('/');
      const { stopFrom } = await import('@sparrow/router');
      await withOperator(io, options, async (operator) => {
        const answer = node ? await operator.drainNode(set, node) : await operator.drainSet(set);
        io.say(phrase`${io.paint('green', '✓')} ${target}: ${answer.moved} objects moved, ${answer.left} left`);
        // What is left cannot move: it is for a person to decide about it.
        const stopped =
          options.keep || answer.left > 0
            ? []
            : stopFrom(join(io.cwd, FOLDER), (one) => one.set === set && (node === undefined || one.name === node));
        for (const { name, pid } of stopped) io.say(phrase`  ended ${set}/${name}, pid ${pid}`);
        io.json(options.json, { target, ...answer, stopped });
        setExitCode(answer.left > 0 ? 1 : 0);
      });
    });

  sub('top', 'rates of every router and link, again and again')
    .option('--once', 'look once')
    .action(async (options: GameOptions & { once?: boolean }) => {
      const io = createIo(options.json, subjectOf(options));
      const { ratesOf } = await import('@sparrow/router');
      await withOperator(io, options, async (operator) => {
        let before = await operator.topology();
        let at = performance.now();
        let isOver = options.once === true || options.json !== undefined;
        process.once('SIGINT', () => (isOver = true));
        do {
          await new Promise((resolve) => setTimeout(resolve, 1_000));
          const after = await operator.topology();
          const now = performance.now();
          const rates = ratesOf(before, after, now - at);
          [before, at] = [after, now];
          for (const line of table(
            [
              phrase`set`,
              phrase`router`,
              phrase`role`,
              phrase`messages/s`,
              phrase`refused/s`,
              phrase`registered/s`,
              phrase`routes`,
              'CPU',
              phrase`memory`,
            ].map(io.tell),
            rates.map((one) => [
              one.set,
              one.router,
              io.tell(roleText(one)),
              String(one.forwarded),
              String(one.refused),
              String(one.registered),
              String(one.routes),
              `${(one.cpu * 100).toFixed(1)} %`,
              `${Math.round(one.rss / 1e6)} MB`,
            ]),
          ))
            io.say(`  ${line}`);
          io.say();
          if (isOver) io.json(options.json, { rates });
        } while (!isOver);
      });
    });
  return command;
}

/** What was begun for work that fails, or that a person breaks off, is taken back. */
async function orElse(work: Promise<void>, takeBack: () => Promise<void>): Promise<void> {
  const interrupted = Promise.withResolvers<void>();
  const onSignal = (): void =>
    interrupted.reject(
      new CliError('TOOL_FAILED', phrase`broken off`, { hint: phrase`what was started is stopped again` }),
    );
  process.once('SIGINT', onSignal);
  process.once('SIGTERM', onSignal);
  try {
    await Promise.race([work, interrupted.promise]);
  } catch (error) {
    await takeBack();
    throw error;
  } finally {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  }
}

function readConfig(io: Io, options: GameOptions): GameConfig {
  const file = resolve(io.cwd, options.config ?? DEFAULT_CONFIG);
  let config: GameConfig;
  try {
    config = JSON.parse(readFileSync(file, 'utf8')) as GameConfig;
  } catch (cause) {
    throw new CliError('USAGE', phrase`${file} cannot be read as a game's config`, {
      cause,
      hint: phrase`write one as packages/router/README.md shows, or name it with --config`,
    });
  }
  if (!config.keyFile) return config;
  const folder = dirname(file);
  const keyFile = joinInside(folder, String(config.keyFile));
  // The config may have come with a project; it must not name a file of the user.
  if (keyFile === undefined || !leadsInside(folder, keyFile))
    throw new CliError('USAGE', phrase`keyFile of ${file} leads out of its folder: ${config.keyFile}`, {
      hint: phrase`put the key into a file beside the config and keep it out of version control`,
    });
  return { ...config, keyFile };
}

async function withOperator(io: Io, options: GameOptions, work: (operator: Operator) => Promise<void>): Promise<void> {
  const { openOperator } = await import('@sparrow/router');
  const operator = await openOperator(readConfig(io, options));
  try {
    await work(operator);
  } finally {
    await operator.close();
  }
}

/** What commands in texts are about: the same game. */
function subjectOf({ config = DEFAULT_CONFIG }: GameOptions): CommandSubject {
  return config === DEFAULT_CONFIG ? {} : { config: quote(config) };
}

function roleText({ role, isReady = true }: { role: string; isReady?: boolean }): string | Phrase {
  if (role === 'main') return isReady ? phrase`main` : phrase`main (getting the table)`;
  return role === 'standby' ? phrase`standby` : role;
}
