import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { joinInside, leadsInside } from '@sparrow/core/files';
import {
  type Lookup,
  type Operator,
  openOperator,
  type Rates,
  ratesOf,
  startedFrom,
  type Topology,
} from '@sparrow/router';
import { CloudError } from '../errors.ts';
import { phrase } from '../phrase.ts';
import { doFault, type FaultTarget } from './game-faults.ts';

export interface GamePicture {
  routers: Topology[];
  /** Since the last picture; empty the first time. */
  rates: Rates[];
  /** Processes that were started from this folder: faults can be done to them. */
  processes: { kind: 'router' | 'node'; set: string; name: string; pid: number }[];
  /** The routers do faults when they are asked to: `"faults": true` in game.json. */
  faults: boolean;
}

/** What the console shows of a game: the mesh that `game.json` in the project names. */
export interface GameService {
  picture(): Promise<GamePicture>;
  lookUp(type: string, key: string): Promise<Lookup>;
  /** @throws CloudError NOT_FOUND when the process was not started here; RouterError */
  fault(target: FaultTarget): Promise<void>;
  close(): Promise<void>;
}

type GameConfig = Parameters<typeof openOperator>[0] & { faults?: boolean };

export function createGameService(options: { dir: string }): GameService {
  const file = join(options.dir, 'game.json');
  const folder = join(options.dir, '.sparrow/game');
  let opening: Promise<Operator> | undefined;
  let withFaults = false;
  let last: { at: number; routers: Topology[] } | undefined;

  function config(): GameConfig {
    const read = JSON.parse(readFileSync(file, 'utf8')) as GameConfig;
    const key = read.keyFile ? readKey(options.dir, String(read.keyFile)) : read.key;
    const { keyFile: _, ...rest } = read;
    return { ...rest, ...(key !== undefined && { key }) };
  }

  function open(): Promise<Operator> {
    if (!existsSync(file))
      throw new CloudError('NOT_FOUND', phrase`this project has no game.json`, {
        hint: phrase`see packages/router/README.md for a running set`,
      });
    opening ??= (async () => {
      const read = config();
      withFaults = read.faults === true;
      return openOperator(read);
    })();
    opening.catch(() => {
      opening = undefined;
    });
    return opening;
  }

  return {
    async picture() {
      const routers = await (await open()).topology();
      const at = performance.now();
      const rates = last ? ratesOf(last.routers, routers, at - last.at) : [];
      last = { at, routers };
      return {
        routers,
        rates,
        faults: withFaults,
        processes: startedFrom(folder).map(({ kind, set, name, pid }) => ({ kind, set, name, pid })),
      };
    },
    lookUp: async (type, key) => (await open()).lookUp(type, key),
    async fault(target) {
      const operator = await open();
      const topology = await operator.topology();
      const routers = topology.filter(({ set }) => set === target.set).map(({ address }) => address);
      const { key } = config();
      await doFault(
        { operator, started: startedFrom(folder), join: { routers, ...(key !== undefined && { key }) } },
        target,
      );
    },
    async close() {
      await (await opening?.catch(() => undefined))?.close();
    },
  };
}

/**
 * The key stands in a file of the project: what a project names must not make us read, or send on, a file of the user.
 */
function readKey(project: string, keyFile: string): string {
  const path = joinInside(project, keyFile);
  if (path === undefined || !leadsInside(project, path))
    throw new CloudError('PATH_OUTSIDE_PROJECT', phrase`keyFile of game.json leads out of the project: ${keyFile}`, {
      hint: phrase`put the key into a file beside game.json and keep it out of version control`,
    });
  return readFileSync(path, 'utf8').trim();
}
