import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openStore } from '@sparrow/store';
import { type Postgres, startPostgres } from '@sparrow/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PROJECT, REPOSITORY, run, start, temporaryFolder, write } from './harness.ts';

const SCHEMA = `syntax = "proto3";
package game;
message Player {
  option (tcaplusservice.tcaplus_primary_key) = "id";
  option (tcaplusservice.tcaplus_index) = "by_name(name)";
  int64 id = 1;
  string name = 2;
  int64 gold = 3;
}`;

const folder = temporaryFolder();
const dir = join(folder.path, 'store');
afterAll(() => folder.remove());

/** Runs `sparrow store …` on the store of this file; the answer is what `--json` prints. */
async function store(...args: string[]): Promise<{ code: number; answer: never; text: string; error: string }> {
  const result = await run(['store', ...args, '--dir', dir, '--json'], { cwd: folder.path });
  let answer: unknown;
  try {
    answer = JSON.parse(result.stdout);
  } catch {
    // An error has none.
  }
  return { code: result.code, answer: answer as never, text: result.stderr, error: result.stderr };
}

describe('sparrow store, on one file', () => {
  beforeAll(async () => {
    write(folder.path, { 'game.proto': SCHEMA });
    expect((await store('init', 'game.proto')).code).toBe(0);
  });

  it('names the store in the command that comes next', async () => {
    const made = await store('init', 'game.proto');
    expect(made.text).toContain(`store put --dir ${dir} Player '{…}'\n`);
  });

  it('makes tables and their types, and says what a schema may not change', async () => {
    expect((await store('tables')).answer).toEqual({ tables: [{ name: 'Player', kind: 'GENERIC', records: 0 }] });
    await store('generate', 'game.proto', '--out', 'tables.ts');
    expect(readFileSync(join(folder.path, 'tables.ts'), 'utf8')).toContain('gold');
    writeFileSync(join(folder.path, 'other.proto'), SCHEMA.replace('int64 gold = 3', 'string gold = 3'));
    const refused = await store('init', 'other.proto');
    expect(refused.code).toBe(1);
    expect(refused.error).toMatch(/SCHEMA_CHANGE_FORBIDDEN.*gold/s);
    writeFileSync(
      join(folder.path, 'more.proto'),
      SCHEMA.replace('int64 gold = 3;', 'int64 gold = 3; int32 level = 4;'),
    );
    expect((await store('init', 'more.proto')).code).toBe(0);
  });

  it('writes, reads and queries records', async () => {
    for (const [id, name, gold] of [
      [1, 'Ann', 10],
      [2, 'Bob', 20],
      [3, 'Ann', 30],
    ])
      expect(
        (await store('put', 'Player', JSON.stringify({ id: String(id), name, gold: String(gold) }))).answer,
      ).toEqual({
        version: 1,
      });
    expect((await store('get', 'Player', '{"id":"2"}')).answer).toMatchObject({
      version: 1,
      record: { name: 'Bob', gold: '20' },
    });
    const absent = await store('get', 'Player', '{"id":"9"}');
    expect([absent.code, absent.answer]).toEqual([1, { code: 261 }]);
    const found = await store('query', "select * from Player where name = 'Ann'");
    expect((found.answer as { records: { id: string }[] }).records.map(({ id }) => id)).toEqual(['1', '3']);
    expect((await store('query', "select sum(gold) from Player where name = 'Ann'")).answer).toMatchObject({
      values: ['40'],
    });
    const wrong = await store('put', 'Player', '{"id":"x"}');
    expect(wrong.code).toBe(1);
    expect(wrong.error).toContain('Fix:');
  });

  it('exports, imports, verifies, compacts and counts', async () => {
    for (const format of ['jsonl', 'protobuf']) {
      expect((await store('export', 'Player', `out.${format}`, '--format', format)).answer).toMatchObject({
        records: 3,
      });
      expect((await store('import', 'Player', `out.${format}`, '--format', format)).answer).toMatchObject({
        records: 3,
      });
    }
    expect((await store('verify')).answer).toMatchObject({ ok: true });
    expect((await store('compact')).code).toBe(0);
    expect((await store('stats')).answer).toHaveProperty('fileBytes');
    const prometheus = await run(['store', 'stats', '--prometheus', '--dir', dir]);
    expect(prometheus.stdout).toMatch(/^sparrow_store_file_bytes \d+$/m);
  });

  it('puts and imports where it gets: into the tables that are there, and asks which when several are', async () => {
    const home = join(folder.path, 'apps');
    for (const namespace of ['one/local', 'two/local']) {
      const made = await openStore(home, { namespace, schema: SCHEMA, sweepEveryMs: 0 });
      await made.close();
      const written = await run(
        ['store', 'put', 'Player', '{"id":"1","name":"Ann"}', '--dir', home].concat(
          namespace === 'one/local' ? [] : ['--namespace', namespace],
        ),
      );
      expect([written.code, written.stderr]).toEqual([0, '']);
    }
    const file = join(folder.path, 'two.jsonl');
    writeFileSync(file, '{"record":{"id":"2","name":"Bob"}}\n');
    for (const command of [
      ['put', 'Player', '{"id":"3"}'],
      ['import', 'Player', file],
      ['verify', '--repair'],
    ]) {
      const unclear = await run(['store', ...command, '--dir', home]);
      expect([unclear.code, unclear.stderr]).toEqual([1, expect.stringContaining('--namespace one/local')]);
      const clear = await run(['store', ...command, '--dir', home, '--namespace', 'two/local']);
      expect([clear.code, clear.stderr]).toEqual([0, '']);
    }
    for (const [namespace, records] of [
      ['one/local', 1],
      ['two/local', 3],
    ] as const) {
      const tables = await run(['store', 'tables', '--dir', home, '--namespace', namespace, '--json']);
      expect(JSON.parse(tables.stdout)).toMatchObject({ tables: [{ name: 'Player', records }] });
    }
  });

  it('keeps an archive, backs up, and restores to a point in time', async () => {
    expect((await store('archive')).answer).toMatchObject({ on: false });
    expect((await store('archive', '--on')).answer).toMatchObject({ on: true });
    expect((await store('backup', 'backup')).code).toBe(0);
    await store('put', 'Player', '{"id":"4","name":"Cem","gold":"1"}');
    await sleep(20);
    const between = Date.now();
    await sleep(20);
    await store('put', 'Player', '{"id":"5","name":"Dea","gold":"1"}');
    expect((await store('verify', '--backup', 'backup')).answer).toMatchObject({ ok: true });
    expect((await store('archive')).answer).toMatchObject({ on: true, runs: [{}] });
    const other = join(folder.path, 'then');
    const restored = await run([
      'store',
      'restore',
      join(folder.path, 'backup'),
      '--archive',
      join(dir, 'archive'),
      '--until',
      String(between),
      '--dir',
      other,
    ]);
    expect([restored.code, restored.stderr]).toEqual([0, '']);
    const ids = await run(['store', 'query', 'select * from Player where id >= 0', '--dir', other]);
    expect(ids.stdout.match(/"id":"\d"/g)).toEqual(['1', '2', '3', '4'].map((id) => `"id":"${id}"`));
    // What cannot be read as a time restores nothing.
    for (const until of ['2026-11-28 8h', 'yesterday', '2026-02-30', '20261128', '']) {
      const wrong = join(folder.path, 'wrong');
      const backup = join(folder.path, 'backup');
      const refused = await run(['store', 'restore', backup, `--until=${until}`, '--dir', wrong]);
      expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('CONFIG_INVALID')]);
      expect(existsSync(wrong)).toBe(false);
    }
    expect((await store('archive', '--off')).answer).toMatchObject({ on: false });
  });

  it('only reads: makes nothing where no store is, finds that of a project, and changes nothing in it', async () => {
    const project = temporaryFolder();
    try {
      write(project.path, { 'sparrow.json': '{}', 'server/records.proto': SCHEMA });
      const listing = (): string[] =>
        readdirSync(project.path, { recursive: true, withFileTypes: true })
          .map((entry) => join(entry.parentPath, entry.name))
          .map((path) => `${path} ${statSync(path).size}`)
          .sort();
      const before = listing();
      for (const command of [
        ['tables'],
        ['stats'],
        ['verify'],
        ['archive'],
        ['get', 'Player', '{"id":"1"}'],
        ['query', 'select * from Player where id = 1'],
        ['export', 'Player', 'out'],
        ['backup', 'copy'],
        ['shards', 'status'],
      ]) {
        const nothing = await run(['store', ...command, '--dir', project.path], { cwd: project.path });
        expect([nothing.code, nothing.stderr]).toEqual([1, expect.stringContaining('there is no store')]);
      }
      expect(listing()).toEqual(before);
      // As `sparrow dev` keeps it: in the project's own folder, under the name of the app.
      const home = join(project.path, '.sparrow/store');
      const own = await openStore(home, { namespace: 'tiny/local', schema: SCHEMA, sweepEveryMs: 0 });
      await own.table('Player').insert({ id: 1n, name: 'Ann', gold: 1n });
      await own.close();
      const kept = listing();
      for (const where of [project.path, home]) {
        const tables = await run(['store', 'tables', '--dir', where, '--json']);
        expect(JSON.parse(tables.stdout)).toEqual({ tables: [{ name: 'Player', kind: 'GENERIC', records: 1 }] });
      }
      const found = await run(['store', 'get', 'Player', '{"id":"1"}', '--json'], { cwd: project.path });
      expect(JSON.parse(found.stdout)).toMatchObject({ record: { name: 'Ann' } });
      expect(listing()).toEqual(kept);
    } finally {
      project.remove();
    }
  });

  it('reads what its writer had not yet taken out of its log when it was killed', async () => {
    const home = join(folder.path, 'killed');
    expect((await run(['store', 'init', 'game.proto', '--dir', home], { cwd: folder.path })).code).toBe(0);
    const writer = `const { openStore } = await import('@sparrow/store');
      const store = await openStore(process.argv[1], { sweepEveryMs: 0 });
      await store.table('Player').insert({ id: 7n, name: 'Gus' });
      process.kill(process.pid, 'SIGKILL');`;
    spawnSync(process.execPath, ['--conditions', 'development', '--input-type=module', '-e', writer, home], {
      cwd: REPOSITORY,
    });
    const found = await run(['store', 'get', 'Player', '{"id":"7"}', '--json', '--dir', home]);
    expect(JSON.parse(found.stdout)).toMatchObject({ record: { name: 'Gus' } });
  });

  it('a load says what refused its counters, and does not call it a loss', async () => {
    const home = join(folder.path, 'quota');
    expect((await run(['store', 'init', 'game.proto', '--dir', home], { cwd: folder.path })).code).toBe(0);
    writeFileSync(join(home, 'store.json'), JSON.stringify({ quotas: { '*': { writesPerSecond: 5 } } }));
    const load = await run(['store', 'load', '--seconds', '2', '--records', '500', '--dir', home]);
    expect([load.code, load.stdout, load.stderr]).toEqual([1, '', expect.stringContaining('QUOTA_EXCEEDED')]);
  });

  it('runs a load and checks its answers; others read and back up meanwhile', async () => {
    const load = start(['store', 'load', '--seconds', '600', '--records', '50', '--dir', dir]);
    await load.until('op/s');
    expect((await store('get', 'Player', '{"id":"1"}')).answer).toMatchObject({ record: { name: 'Ann' } });
    expect((await store('backup', 'beside')).code).toBe(0);
    expect((await store('verify', '--backup', 'beside')).code).toBe(0);
    expect((await store('put', 'Player', '{"id":"1"}')).error).toContain('STORE_IN_USE');
    // It was to run for longer than the others took, and reports when it is ended.
    load.child.kill('SIGINT');
    expect(await load.ended).toBe(0);
    expect(load.stdout).toMatch(/✓ \d+ operations, \d+ a second: 0 lost, doubled or stale, 0 failed/);
    expect((await store('tables')).answer).toMatchObject({ tables: [{ name: 'Player', records: 5 }] });
    expect((await store('load', '--clients', '0')).error).toContain('CONFIG_INVALID');
  });
});

describe('sparrow store, from one file to shards', () => {
  let first: Postgres;
  let second: Postgres;
  beforeAll(async () => {
    [first, second] = await Promise.all([startPostgres(), startPostgres()]);
  });
  afterAll(async () => {
    await Promise.all([first?.close(), second?.close()]);
  });
  const slots = async (): Promise<Record<string, number>> => {
    const { shards } = (await store('shards', 'status')).answer as { shards: { id: string; slots: number }[] };
    return Object.fromEntries(shards.map((shard) => [shard.id, shard.slots]));
  };

  it('grows, splits under load, moves, rolls back, drains and fails over', async () => {
    expect((await store('shards', 'status')).error).toContain('shards grow');
    expect((await store('shards', 'grow', first.url)).answer).toMatchObject({ rows: 5 });
    expect((await store('shards', 'add', 's1', second.url)).code).toBe(0);
    const load = start(['store', 'load', '--seconds', '8', '--records', '50', '--clients', '4', '--dir', dir]);
    // Loads that run at once have counters of their own.
    const other = start(['store', 'load', '--seconds', '8', '--records', '50', '--clients', '2', '--dir', dir]);
    await load.until('op/s');
    expect((await store('shards', 'split', 's0', 's1')).code).toBe(0);
    expect(await slots()).toEqual({ s0: 512, s1: 512 });
    expect(await load.ended, load.stdout + load.stderr).toBe(0);
    expect(await other.ended, other.stdout + other.stderr).toBe(0);
    const moved = (await store('shards', 'move', 's0', 's1', '0-15', '--keep')).answer as {
      moves: { id: string; state: string }[];
    };
    expect(moved.moves).toMatchObject([{ state: 'reversible' }]);
    expect(await slots()).toEqual({ s0: 496, s1: 528 });
    expect((await store('shards', 'move', '--rollback', moved.moves[0]?.id ?? '')).code).toBe(0);
    expect(await slots()).toEqual({ s0: 512, s1: 512 });
    expect((await store('shards', 'move', 's0', 's1', 'x-y')).error).toContain('MOVE_REFUSED');
    expect((await store('shards', 'failover', 's1')).error).toContain('has no standby');
    expect((await store('shards', 'drain', 's1')).code).toBe(0);
    expect(await slots()).toEqual({ s0: 1024 });
    expect((await store('get', 'Player', '{"id":"2"}')).answer).toMatchObject({ record: { name: 'Bob' } });
    expect((await store('backup', 'no')).error).toContain('CONFIG_INVALID');
    expect(existsSync(join(folder.path, 'no', 'backup.json'))).toBe(false);
  });

  it('grows the store that a running `sparrow dev` serves, under its feet', async () => {
    const project = temporaryFolder();
    write(project.path, { ...PROJECT, 'server/records.proto': SCHEMA });
    const other = await startPostgres();
    const dev = start(['dev', project.path, '--port', '0', '--no-lan']);
    try {
      await dev.until('Next');
      const { url } = JSON.parse(readFileSync(join(project.path, '.sparrow/run.json'), 'utf8')) as { url: string };
      const token = readFileSync(join(project.path, '.sparrow/token'), 'utf8').trim();
      const api = async (path: string, body?: object): Promise<Record<string, unknown>> => {
        const response = await fetch(new URL(`/api/v1/store/${path}`, url), {
          method: body ? 'PUT' : 'GET',
          headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
          ...(body ? { body: JSON.stringify(body) } : {}),
        });
        return (await response.json()) as Record<string, unknown>;
      };
      await api('tables/Player', { record: { id: '1', name: 'Ann' } });
      const home = join(project.path, '.sparrow/store');
      const grown = await run(['store', 'shards', 'grow', other.url, '--dir', home]);
      expect([grown.code, grown.stdout]).toEqual([0, expect.stringMatching(/it grows there\n✓ 1 rows on the shards/)]);
      expect(await api('shards')).toMatchObject({ embedded: false, shards: [{ id: 's0' }] });
      expect(await api('tables/Player')).toMatchObject({ records: [{ record: { name: 'Ann' } }] });
      const again = await run(['store', 'shards', 'grow', other.url, '--dir', home]);
      expect(again.stderr).toMatch(/CONFIG_INVALID.*grown already/s);
      expect(
        (await run(['store', 'get', 'Player', '{"id":"1"}', '--dir', home, '--namespace', 'tiny/local'])).code,
      ).toBe(0);
    } finally {
      dev.child.kill('SIGTERM');
      await dev.ended;
      await other.close();
      project.remove();
    }
  });
});
