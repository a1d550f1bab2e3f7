import { StoreError } from '../errors.ts';
import { inTime } from '../in-time.ts';
import { phrase } from '../phrase.ts';
import type { KvEngine } from './kv-engine.ts';

/**
 * An engine that can become another one under the feet of its users: how an embedded store grows to shards without a
 * stop.
 */
export interface SwitchableEngine extends KvEngine {
  readonly current: KvEngine;
  /**
   * Stops new commits and waits for those under way; the function that is returned lets them go on, on the engine that
   * is current then.
   */
  hold(): Promise<() => void>;
  /** @throws StoreError CONFIG_INVALID when the other counts slots differently */
  switchTo(engine: KvEngine): void;
}

export function createSwitchableEngine(first: KvEngine): SwitchableEngine {
  let current = first;
  let gate: Promise<void> | undefined;
  let running = 0;
  let idle: (() => void) | undefined;
  const ended = (): void => {
    running--;
    if (running > 0) return;
    idle?.();
    idle = undefined;
  };
  const engine: SwitchableEngine = {
    get kind() {
      return current.kind;
    },
    slots: first.slots,
    get current() {
      return current;
    },
    async hold() {
      let open = (): void => {};
      gate = new Promise((resolve) => {
        open = () => {
          gate = undefined;
          resolve();
        };
      });
      if (running > 0) await new Promise<void>((resolve) => (idle = resolve));
      return open;
    },
    switchTo(engine) {
      if (engine.slots !== first.slots)
        throw new StoreError(
          'CONFIG_INVALID',
          phrase`the store counts ${first.slots} slots and the shards ${engine.slots}`,
          {
            hint: phrase`make the cluster with as many slots as the store`,
          },
        );
      current = engine;
    },
    commit(commit) {
      if (gate) return inTime(gate, commit.deadline, switching).then(() => engine.commit(commit));
      running++;
      const answer = current.commit(commit);
      answer.then(ended, ended);
      return answer;
    },
    get: (at, options) => current.get(at, options),
    getMany: (at, options) => current.getMany(at, options),
    scan: (range) => current.scan(range),
    scanIndex: (range) => current.scanIndex(range),
    count: (from, to, deadline) => current.count(from, to, deadline),
    feed: (table, position, limit, deadline) => current.feed(table, position, limit, deadline),
    trimFeed: (table, before, limit) => current.trimFeed(table, before, limit),
    readMeta: (name) => current.readMeta(name),
    metaNames: () => current.metaNames(),
    writeMeta: (name, text, expected) => current.writeMeta(name, text, expected),
    ...(first.watchKeys ? { watchKeys: first.watchKeys } : {}),
    stats: () => current.stats(),
    close: () => current.close(),
  };
  return engine;
}

const switching = (): StoreError =>
  new StoreError('TIMEOUT', phrase`the store is being switched to shards, and took no writes in time`, {
    hint: phrase`nothing was done; try again`,
  });
