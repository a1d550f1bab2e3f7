import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startTimeOf } from '@sparrow/core/process';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MIGRATIONS } from '../src/db/migrations.ts';
import { openDatabase } from '../src/db/open-database.ts';
import { stateHomeOf, writeToken } from '../src/state/console-token.ts';
import { endLeftover } from '../src/state/process-identity.ts';
import { isFolderHeld, openStateFolder } from '../src/state/state-folder.ts';
import { REPOSITORY, temporaryFolder } from './harness.ts';

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder.remove());

describe('the state folder', () => {
  it('keeps its token, readable by nobody else', () => {
    const first = openStateFolder(folder.path);
    first.release();
    const second = openStateFolder(folder.path);
    expect(second.token).toBe(first.token);
    expect(Buffer.from(first.token, 'base64url')).toHaveLength(32);
    expect(statSync(join(folder.path, '.sparrow/token')).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder.path, '.sparrow')).mode & 0o777).toBe(0o700);
    second.release();
  });

  it('does not trust a token that the project came with', () => {
    const shipped = 'known-to-whoever-packed-the-project-0123456789';
    mkdirSync(join(folder.path, '.sparrow'));
    writeFileSync(join(folder.path, '.sparrow/token'), `${shipped}\n`, { mode: 0o600 });
    const state = openStateFolder(folder.path);
    expect(state.token).not.toBe(shipped);
    expect(readFileSync(join(folder.path, '.sparrow/token'), 'utf8').trim()).toBe(state.token);
    state.release();
  });

  it('gives two folders, and two users, tokens of their own', () => {
    const tokenOf = (project: string, user: string): string => {
      mkdirSync(join(folder.path, project), { recursive: true });
      const state = openStateFolder(join(folder.path, project), { userHome: join(folder.path, user) });
      state.release();
      return state.token;
    };
    expect(new Set([tokenOf('a', 'one'), tokenOf('b', 'one'), tokenOf('a', 'two')]).size).toBe(3);
    expect(tokenOf('a', 'one')).toBe(tokenOf('a', 'one'));
    expect(statSync(join(folder.path, 'one/sparrow/key')).mode & 0o777).toBe(0o600);
    // A user without a home that can be written still gets one.
    writeFileSync(join(folder.path, 'file'), '');
    expect(Buffer.from(tokenOf('a', 'file'), 'base64url')).toHaveLength(32);
  });

  it('is held by one run at a time, and names the holder', () => {
    const state = openStateFolder(folder.path);
    state.writeRun({ pid: 4711, port: 7700, url: 'http://127.0.0.1:7700', app: 'x', env: 'local', startedAt: 0 });
    expect(isFolderHeld(folder.path)).toBe(true);
    expect(() => openStateFolder(folder.path)).toThrow(
      expect.objectContaining({ code: 'FOLDER_IN_USE', message: expect.stringContaining('pid 4711') }),
    );
    state.release();
    expect(isFolderHeld(folder.path)).toBe(false);
    openStateFolder(folder.path).release();
  });

  it('is free again after a kill -9 of its holder', async () => {
    const script = `
      import { openStateFolder } from '${REPOSITORY}packages/cloud/src/state/state-folder.ts';
      openStateFolder(${JSON.stringify(folder.path)});
      console.log('held');
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(child, 'exit');
    try {
      await once(child.stdout, 'data');
      expect(() => openStateFolder(folder.path)).toThrow(expect.objectContaining({ code: 'FOLDER_IN_USE' }));
    } finally {
      child.kill('SIGKILL');
      await ended;
    }
    openStateFolder(folder.path).release();
  });

  it('ends the backend that a killed run left behind, and only that very process', async () => {
    const state = openStateFolder(folder.path);
    const env = { SPARROW_DATA_DIR: state.appFolder('x', 'local', 'data') };
    const left = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], {
      detached: true,
      stdio: 'ignore',
      env,
    });
    const pid = left.pid as number;
    const startTime = startTimeOf(pid) as string;
    expect(endLeftover({ pid, startTime: `${startTime}1` }, state.path)).toBe(false);
    const run = { pid: 1, port: 1, url: '', app: 'x', env: 'local', startedAt: 0, backend: { pid, startTime } };
    // As a killed run leaves it: run.json is there and the lock is free.
    state.release();
    writeFileSync(join(folder.path, '.sparrow/run.json'), JSON.stringify(run));
    const ended = once(left, 'exit');
    openStateFolder(folder.path).release();
    expect((await ended)[1]).toBe('SIGKILL');
    expect(existsSync(join(folder.path, '.sparrow/run.json'))).toBe(false);
  });

  it('ends no process that a project from elsewhere names in its run.json', async () => {
    const signals = vi.spyOn(process, 'kill').mockReturnValue(true);
    const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], {
      detached: true,
      stdio: 'ignore',
      env: { SPARROW_DATA_DIR: join(folder.path, '../elsewhere/.sparrow/apps/x/local/data') },
    });
    try {
      mkdirSync(join(folder.path, '.sparrow'));
      // Minus one is everybody; the other belongs to somebody else.
      for (const pid of [1, other.pid as number]) {
        const backend = { pid, startTime: startTimeOf(pid) };
        writeFileSync(join(folder.path, '.sparrow/run.json'), JSON.stringify({ backend }));
        openStateFolder(folder.path).release();
      }
      expect(signals).not.toHaveBeenCalled();
    } finally {
      signals.mockRestore();
      other.kill('SIGKILL');
    }
  });

  it('has a token also for a user who has no home at all', () => {
    const none = stateHomeOf('', () => {
      throw new Error('no such user');
    });
    expect(none).toBeUndefined();
    expect(Buffer.from(writeToken(folder.path, none), 'base64url')).toHaveLength(32);
    expect(stateHomeOf('relative/place', () => '/home/someone')).toBe('/home/someone/.local/state');
    expect(stateHomeOf('/state', () => '/home/someone')).toBe('/state');
  });

  it('refuses a folder of a newer format and says what to do', () => {
    openStateFolder(folder.path).release();
    expect(readFileSync(join(folder.path, '.sparrow/format'), 'utf8')).toBe('1\n');
    writeFileSync(join(folder.path, '.sparrow/format'), '2\n');
    expect(() => openStateFolder(folder.path)).toThrow(
      expect.objectContaining({ code: 'STATE_TOO_NEW', hint: expect.stringContaining('sparrow reset') }),
    );
    // The refusal let go of the lock.
    writeFileSync(join(folder.path, '.sparrow/format'), '1\n');
    openStateFolder(folder.path).release();
  });
});

describe('control.db', () => {
  it('migrates step by step and keeps what is in it', async () => {
    const path = join(folder.path, 'control.db');
    const old = openDatabase(path);
    await old
      .insertInto('fake_wechat')
      .values({ appid: 'a', user: 'alice', session_key: 'k', logged_in_at: 1 })
      .execute();
    await old.destroy();
    const next = openDatabase(path, [...MIGRATIONS, 'alter table fake_wechat add column note text']);
    expect(await next.selectFrom('fake_wechat').selectAll().execute()).toEqual([
      { appid: 'a', user: 'alice', session_key: 'k', logged_in_at: 1, note: null },
    ]);
    await next.destroy();
    expect(() => openDatabase(path)).toThrow(expect.objectContaining({ code: 'STATE_TOO_NEW' }));
  });

  it('undoes a migration that fails, as a whole', async () => {
    const path = join(folder.path, 'control.db');
    expect(() => openDatabase(path, [...MIGRATIONS, 'create table x (a); no such statement'])).toThrow();
    const db = openDatabase(path);
    const tables = await sql<{ name: string }>`select name from sqlite_master where name = 'x'`.execute(db);
    expect(tables.rows).toEqual([]);
    await db.destroy();
  });

  it('gives transactions the connection for themselves and rolls them back', async () => {
    const db = openDatabase(':memory:');
    const row = (user: string): { appid: string; user: string; session_key: string; logged_in_at: number } => ({
      appid: 'a',
      user,
      session_key: 'k',
      logged_in_at: 1,
    });
    const failed = db.transaction().execute(async (trx) => {
      await trx.insertInto('fake_wechat').values(row('alice')).execute();
      throw new Error('on purpose');
    });
    const other = db.insertInto('fake_wechat').values(row('bob')).execute();
    await expect(failed).rejects.toThrow('on purpose');
    await other;
    expect((await db.selectFrom('fake_wechat').select('user').execute()).map(({ user }) => user)).toEqual(['bob']);
    await db.destroy();
  });

  it('loses nothing that was committed when its process is killed', async () => {
    const path = join(folder.path, 'control.db');
    const script = `
      import { openDatabase } from '${REPOSITORY}packages/cloud/src/db/open-database.ts';
      const db = openDatabase(${JSON.stringify(path)});
      for (let i = 0; ; i++) {
        await db.insertInto('fake_wechat').values({ appid: 'a', user: 'u' + i, session_key: 'k', logged_in_at: i }).execute();
        process.stdout.write(i + '\\n');
      }`;
    const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
      // A hundred commits or so: each waits for the disk.
      if (output.length > 300) child.kill('SIGKILL');
    });
    await once(child, 'close');
    const acknowledged = output.split('\n').filter(Boolean).length;
    const db = openDatabase(path);
    const { count } = await db
      .selectFrom('fake_wechat')
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow();
    // The last line may have been cut off in the pipe.
    expect(count).toBeGreaterThanOrEqual(acknowledged - 1);
    await db.destroy();
  });
});
