import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
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

/** Faults that the console can do to a game that was started from this folder. */
export const GAME_FAULTS = ['kill', 'stop', 'continue'] as const;
export type GameFault = (typeof GAME_FAULTS)[number];

const SIGNALS: Record<GameFault, NodeJS.Signals> = { kill: 'SIGKILL', stop: 'SIGSTOP', continue: 'SIGCONT' };

export interface GamePicture {
  routers: Topology[];
  /** Since the last picture; empty the first time. */
  rates: Rates[];
  /** Processes that were started from this folder: faults can be done to them. */
  processes: { kind: 'router' | 'node'; set: string; name: string; pid: number }[];
}

/** What the console shows of a game: the mesh that `game.json` in the project names. */
export interface GameService {
  picture(): Promise<GamePicture>;
  lookUp(type: string, key: string): Promise<Lookup>;
  fault(kind: GameFault, set: string, name: string): void;
  close(): Promise<void>;
}

export function createGameService(options: { dir: string }): GameService {
  const file = join(options.dir, 'game.json');
  const folder = join(options.dir, '.sparrow/game');
  let opening: Promise<Operator> | undefined;
  let last: { at: number; routers: Topology[] } | undefined;

  function open(): Promise<Operator> {
    if (!existsSync(file))
      throw new CloudError('NOT_FOUND', 'this project has no game.json', {
        hint: 'see packages/router/README.md for a running set',
      });
    opening ??= (async () => {
      const config = JSON.parse(readFileSync(file, 'utf8')) as Parameters<typeof openOperator>[0];
      return openOperator(config.keyFile ? { ...config, keyFile: resolve(dirname(file), config.keyFile) } : config);
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
        processes: startedFrom(folder).map(({ kind, set, name, pid }) => ({ kind, set, name, pid })),
      };
    },
    lookUp: async (type, key) => (await open()).lookUp(type, key),
    fault(kind, set, name) {
      const found = startedFrom(folder).find((one) => one.set === set && one.name === name);
      if (!found)
        throw new CloudError('NOT_FOUND', `${set}/${name} was not started from this folder`, {
          hint: 'faults are for processes that `sparrow game` started here',
        });
      // A router falls with its killed supervisor, as with a host; a sleeping supervisor loses the lease.
      process.kill(-found.pid, SIGNALS[kind]);
    },
    async close() {
      await (await opening?.catch(() => undefined))?.close();
    },
  };
}
