import { setTimeout as sleep } from 'node:timers/promises';
import { StoreError } from '@sparrow/store';
import type { Command } from 'commander';
import type { SetExitCode } from '../command.ts';
import { add } from './add.ts';

/** Namespace of the counters: no table of an app is touched. */
const NAMESPACE = 'sparrow/load';
const BOUNDS = { records: 100_000, clients: 256, seconds: 3_600 };

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
        throw new StoreError('CONFIG_INVALID', `--${name} ${options[name]}`, {
          hint: `give a whole number from 1 to ${BOUNDS[name]}`,
        });
      };
      const [keys, clients, seconds] = [bounded('records'), bounded('clients'), bounded('seconds')];
      const opened = await context.open({ schema: LOAD_SCHEMA, namespace: NAMESPACE });
      const table = opened.table('Counter');
      // Whatever an earlier load left.
      await removeCounters();
      await fillCounters(opened, keys, 100);
      const load = startLoad(opened, { keys, clients });
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
          `  ${second + 1} s  ${Math.round((length - told) / 2)} op/s  longest wait ${Math.round(load.longest())} ms  ${load.failures.length} failed`,
        );
        told = length;
      }
      process.removeListener('SIGINT', stop);
      await load.stop();
      const took = performance.now() - begun;
      const violations = checkLoad(load.history, await finalCounters(opened, keys));
      await removeCounters();
      const result = {
        operations: load.history.length,
        perSecond: Math.round((load.history.length * 1000) / took),
        longestMs: Math.round(load.longest()),
        failed: load.failures.length,
        violations,
      };
      const good = violations.length === 0 && load.failures.length === 0;
      context.io.say(
        `${good ? '✓' : '✗'} ${result.operations} operations, ${result.perSecond} a second: ${violations.length} lost, doubled or stale, ${result.failed} failed, longest wait ${result.longestMs} ms`,
      );
      for (const { rule, key, detail } of violations.slice(0, 10)) context.io.say(`    ${rule} ${key}: ${detail}`);
      for (const failure of load.failures.slice(0, 10)) context.io.say(`    ${failure}`);
      context.json(result);
      if (!good) setExitCode(1);

      async function removeCounters(): Promise<void> {
        for (let cursor: string | undefined, first = true; first || cursor !== undefined; first = false) {
          const page = await table.traverse({ limit: 1_000, ...(cursor === undefined ? {} : { cursor }) });
          cursor = page.cursor;
          if (page.records.length > 0)
            await table.batch(page.records.map(({ record }) => ({ op: 'delete' as const, key: { id: record.id } })));
        }
      }
    },
  );
}
