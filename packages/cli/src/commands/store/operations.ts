import { existsSync, renameSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type LmdbEngine, StoreError, type TransferFormat } from '@sparrow/store';
import type { Command } from 'commander';
import { phrase } from '../../phrase.ts';
import type { SetExitCode } from '../command.ts';
import { add } from './add.ts';

function format(text: string): TransferFormat {
  if (text === 'jsonl' || text === 'protobuf') return text;
  throw new StoreError('CONFIG_INVALID', phrase`there is no format ${text}`, { hint: phrase`use jsonl or protobuf` });
}

function embedded(engine: { kind: string }): LmdbEngine {
  if (engine.kind === 'lmdb') return engine as LmdbEngine;
  throw new StoreError('CONFIG_INVALID', phrase`this store lives on PostgreSQL shards`, {
    hint: phrase`use pg_basebackup and WAL archiving of each shard`,
  });
}

/** Backup, restore, verify, import, export, compact, stats. */
export function addOperationCommands(store: Command, setExitCode: SetExitCode): void {
  add(
    store,
    'backup <target>',
    'make a consistent copy of the store in a new folder',
    () => {},
    async (context, [target = '']) => {
      const { backupStore, openEngineToRead } = await import('@sparrow/store');
      await context.demandStore();
      const { engine } = await openEngineToRead(context.dir);
      try {
        const backup = await backupStore(embedded(engine), resolve(context.io.cwd, target));
        context.io.say(phrase`✓ ${backup.bytes} bytes, change ${backup.sequence}`);
        context.json(backup);
      } finally {
        await engine.close();
      }
    },
  );
  add(
    store,
    'restore <backup>',
    'make a store of a backup, with an archive up to a point in time',
    (command) =>
      command
        .option('--archive <dir>', 'folder of the changes behind the backup')
        .option('--until <time>', 'a time like 2026-11-28T08:00:00Z; default: all of the archive')
        .option('--timeline <id>', 'the timeline to follow; default: the one that the store was on at that time'),
    async (context, [backup = ''], { archive, until, timeline }) => {
      const { parseTime, restoreStore } = await import('@sparrow/store');
      const time = until === undefined ? undefined : parseTime(until);
      const restored = await restoreStore(resolve(context.io.cwd, backup), context.dir, {
        ...(archive === undefined ? {} : { archive: resolve(context.io.cwd, archive) }),
        ...(time === undefined ? {} : { until: time }),
        ...(timeline === undefined ? {} : { timeline }),
      });
      context.io.say(
        phrase`✓ ${context.options.dir}: up to change ${restored.sequence} of ${new Date(restored.at).toISOString()}, ${restored.changes} of them from the archive`,
      );
      context.io.say(
        phrase`  It goes on as timeline ${restored.timeline}; readers of change feeds beyond this point are told.`,
      );
      for (const id of restored.passedOver)
        context.io.say(phrase`  Timeline ${id} is later, and began before this backup was made: it was not followed.`);
      context.json(restored);
    },
  );
  add(
    store,
    'archive',
    'keep every change for restores to a point in time: show, switch on or off, remove what a backup made needless',
    (command) =>
      command
        .option('--on [dir]', "switch it on; default folder: archive, in the store's own")
        .option('--off', 'switch it off')
        .option('--prune <backup>', 'remove the files that lie before a backup'),
    async (context, _args, options: { on?: string | true; off?: boolean; prune?: string }) => {
      const { changeStoreConfig, describeArchive, gapsOf, pruneArchive, readStoreConfig, verifyBackup } = await import(
        '@sparrow/store'
      );
      if (options.on === undefined) await context.demandStore();
      if (options.on !== undefined || options.off) {
        const dir = options.on === true ? 'archive' : options.on;
        if (readStoreConfig(context.dir).meta !== undefined)
          throw new StoreError('CONFIG_INVALID', phrase`this store lives on PostgreSQL shards`, {
            hint: phrase`use WAL archiving of each shard`,
          });
        changeStoreConfig(context.dir, { archive: options.off ? undefined : dir });
        context.io.say(options.off ? phrase`✓ off` : phrase`✓ on: ${dir ?? ''}`);
        context.io.say(phrase`  A process that has the store open learns it when it opens it the next time.`);
        if (!options.off) context.next('backup <folder>');
      }
      const { archive } = readStoreConfig(context.dir);
      const folder = resolve(context.dir, archive ?? 'archive');
      const pruned: string[] = [];
      if (options.prune !== undefined) {
        const { sequence, timeline } = await verifyBackup(resolve(context.io.cwd, options.prune));
        pruned.push(...(await pruneArchive(folder, sequence, timeline)));
      }
      for (const name of pruned) context.io.say(phrase`  removed ${name}`);
      const runs = existsSync(folder) ? await describeArchive(folder) : [];
      const gaps = existsSync(folder) ? await gapsOf(folder) : [];
      const time = (ms: number): string => new Date(ms).toISOString();
      if (options.on === undefined && !options.off) {
        context.io.say(archive === undefined ? phrase`The archive is off.` : phrase`The archive is on: ${archive}`);
        for (const { timeline, first, last, from, to, bytes } of runs)
          context.io.say(
            phrase`  changes ${first} to ${last}${timeline === '' ? '' : phrase` of ${timeline}`}  ${time(from)} to ${time(to)}  ${bytes} bytes`,
          );
        for (const gap of gaps)
          context.io.say(phrase`  ✗ changes ${gap} are missing: restore from a backup made behind them`);
      }
      context.json({ on: archive !== undefined, dir: folder, runs, gaps, pruned });
    },
  );
  add(
    store,
    'verify',
    'read everything and compare records with their indexes',
    (command) =>
      command
        .option('--backup <dir>', 'verify a backup instead')
        .option(
          '--repair',
          'mend index entries that are missing, out of date or of no record, and elements of no list',
        ),
    async (context, _args, { backup, repair }: { backup?: string; repair?: boolean }) => {
      const { repairStore, verifyBackup, verifyStore } = await import('@sparrow/store');
      if (backup !== undefined) {
        const manifest = await verifyBackup(resolve(context.io.cwd, backup));
        context.io.say(phrase`✓ the backup of ${new Date(manifest.at).toISOString()} is whole`);
        context.json({ ok: true, ...manifest });
        return;
      }
      const opened = await (repair ? context.open() : context.openToRead());
      const repairs = repair ? await repairStore(opened) : undefined;
      for (const { name, repaired, removed, elements } of repairs?.tables ?? []) {
        if (repaired + removed > 0)
          context.io.say(phrase`  ${name}: entries of ${repaired} records made anew, ${removed} of no record removed`);
        if (elements > 0) context.io.say(phrase`  ${name}: ${elements} elements of no list removed`);
      }
      const report = await verifyStore(opened);
      for (const { name, records, entries, problems } of report.tables) {
        context.io.say(
          phrase`${problems.length === 0 ? '✓' : '✗'} ${name}: ${records} records, ${entries} index entries`,
        );
        for (const problem of problems) context.io.say(`    ${problem}`);
      }
      if (!report.ok && !repair)
        context.io.say(
          phrase`  Index entries, and elements of no list, are mended by: \`sparrow store verify --repair\``,
        );
      context.json({ ...report, ...(repairs ? { repairs: repairs.tables } : {}) });
      if (!report.ok) setExitCode(1);
    },
  );
  for (const [verb, what] of [
    ['export', phrase`write the records of a table to a file`],
    ['import', phrase`write the records of a file into a table`],
  ] as const)
    add(
      store,
      `${verb} <table> <file>`,
      what.en,
      (command) => command.option('--format <format>', 'jsonl or protobuf', 'jsonl'),
      async (context, [name = '', file = ''], options: { format: string }) => {
        const { exportTable, importTable } = await import('@sparrow/store');
        const opened = await (verb === 'export' ? context.openToRead() : context.open());
        const path = resolve(context.io.cwd, file);
        const records = await (verb === 'export' ? exportTable : importTable)(
          opened,
          name,
          path,
          format(options.format),
        );
        context.io.say(phrase`✓ ${records} records`);
        context.json({ records, file: path });
      },
    );
  add(
    store,
    'compact',
    'write the file of an embedded store anew, without its free pages; nobody may have it open',
    () => {},
    async (context) => {
      const { openEngine } = await import('@sparrow/store');
      await context.demandStore();
      const engine = embedded(await openEngine(context.dir));
      const file = join(context.dir, 'data.mdb');
      const before = statSync(file).size;
      try {
        await engine.copyTo(`${file}.compact`, true);
      } finally {
        await engine.close();
      }
      renameSync(`${file}.compact`, file);
      rmSync(`${file}-lock`, { force: true });
      const after = statSync(file).size;
      context.io.say(phrase`✓ ${before} → ${after} bytes`);
      context.json({ before, after });
    },
  );
  add(
    store,
    'stats',
    'figures of the store',
    (command) => command.option('--prometheus', 'as Prometheus text'),
    async (context, _args, { prometheus }) => {
      const opened = await context.openToRead();
      const stats = await opened.stats();
      if (prometheus) context.io.say(await opened.metrics());
      else for (const [name, value] of Object.entries(stats)) context.io.say(`${name.padEnd(16)} ${value}`);
      context.json(stats);
    },
  );
}
