import { setTimeout as sleep } from 'node:timers/promises';
import { StoreError } from '@sparrow/store';
import type { Command } from 'commander';
import { phrase } from '../../phrase.ts';
import type { SetExitCode } from '../command.ts';
import { add } from './add.ts';
import { LOAD_NAMESPACE } from './context.ts';

const BOUNDS = { records: 100_000, clients: 256, seconds: 3_600 };
/** Counters that a load left which ended longer ago than any may take are removed by the next one. */
const OLD_SECONDS = 2 * BOUNDS.seconds;
const RANGES_A_SECOND = 64;
const MAKE_TRIES = 10;
/** Numbers of counters must stay exact as JavaScript's. */
const SECONDS_BEGIN = Date.UTC(2026, 0, 1) / 1000;

/** The first counter of a load: two that run at once have counters of their own. */
function firstCounter(): number {
  const second = Math.floor(Date.now() / 1000) - SECONDS_BEGIN;
  return (second * RANGES_A_SECOND + Math.floor(Math.random() * RANGES_A_SECOND)) * BOUNDS.records;
}

/** A load whose every answer is checked: what to run while shards are split. */
export function addLoadCommand(store: Command, setExitCode: SetExitCode): void {
  add(
    store,
    'load',
    'increase and read counters beside the tables, and check that nothing is lost, doubled or stale',
    (command) =>
      command
        .option('--records <n>', 'counters', '1000')
        .option('--clients <n>', 'operations under way at once', '8')
        .option('--seconds <n>', 'how long', '20'),
    async (context, _args, options: { records: string; clients: string; seconds: string }) => {
      const { checkLoad, fillCounters, finalCounters, LOAD_SCHEMA, startLoad } = await import('@sparrow/store');
      const bounded = (name: keyof typeof BOUNDS): number => {
        const value = Number(options[name]);
        if (Number.isInteger(value) && value >= 1 && value <= BOUNDS[name]) return value;
        throw new StoreError('CONFIG_INVALID', phrase`--${name} ${options[name]}`, {
          hint: phrase`give a whole number from 1 to ${BOUNDS[name]}`,
        });
      };
      const [keys, clients, seconds] = [bounded('records'), bounded('clients'), bounded('seconds')];
      const opened = await context.open({ schema: LOAD_SCHEMA, namespace: LOAD_NAMESPACE });
      const table = opened.table('Counter');
      const old = BigInt(firstCounter() - OLD_SECONDS * RANGES_A_SECOND * BOUNDS.records);
      await removeCounters((id) => id < old);
      const first = await makeCounters();
      const load = startLoad(opened, { keys, clients, ids: Array.from({ length: keys }, (_, i) => first + i) });
      let stopped = false;
      const stop = (): void => void (stopped = true);
      process.once('SIGINT', stop);
      const begun = performance.now();
      let told = 0;
      for (let second = 0; second < seconds && !stopped; second++) {
        await sleep(1_000);
        if (second % 2 === 0) continue;
        const { length } = load.history;
        context.io.say(
          phrase`  ${second + 1} s  ${Math.round((length - told) / 2)} op/s  longest wait ${Math.round(load.longest())} ms  ${load.failures.length} failed`,
        );
        told = length;
      }
      process.removeListener('SIGINT', stop);
      await load.stop();
      const took = performance.now() - begun;
      const violations = checkLoad(load.history, await finalCounters(opened, keys, first));
      await removeCounters((id) => id >= BigInt(first) && id < BigInt(first + keys));
      const result = {
        operations: load.history.length,
        perSecond: Math.round((load.history.length * 1000) / took),
        longestMs: Math.round(load.longest()),
        failed: load.failures.length,
        violations,
      };
      const good = violations.length === 0 && load.failures.length === 0;
      context.io.say(
        phrase`${good ? '✓' : '✗'} ${result.operations} operations, ${result.perSecond} a second: ${violations.length} lost, doubled or stale, ${result.failed} failed, longest wait ${result.longestMs} ms`,
      );
      for (const { rule, key, detail } of violations.slice(0, 10)) context.io.say(`    ${rule} ${key}: ${detail}`);
      for (const failure of load.failures.slice(0, 10)) context.io.say(`    ${failure}`);
      context.json(result);
      if (!good) setExitCode(1);

      /** Answers the first of them. Where another load has them already, others are made. */
      async function makeCounters(tries = 1): Promise<number> {
        const candidate = firstCounter();
        try {
          await fillCounters(opened, keys, 100, candidate);
          return candidate;
        } catch (error) {
          if (!(error instanceof StoreError) || error.code !== 'EXISTS' || tries >= MAKE_TRIES) throw error;
          return makeCounters(tries + 1);
        }
      }

      async function removeCounters(which: (id: bigint) => boolean): Promise<void> {
        for (let cursor: string | undefined, first = true; first || cursor !== undefined; first = false) {
          const page = await table.traverse({ limit: 1_000, ...(cursor === undefined ? {} : { cursor }) });
          cursor = page.cursor;
          const ids = page.records.map(({ record }) => record.id as bigint).filter(which);
          const results = await table.batch(ids.map((id) => ({ op: 'delete' as const, key: { id } })));
          const refused = results.find((result) => result instanceof StoreError && result.code !== 'NOT_FOUND');
          if (refused) throw refused;
        }
      }
    },
  );
}
