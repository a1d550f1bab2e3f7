import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { startChild } from '../src/child.ts';
import { killDescendants, startTimeOf } from '../src/descendants.ts';

const FOREVER = ['-e', 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1000); console.log("ready")'];

/** False for a zombie too: it runs no more, only its parent has not asked. */
function isRunning(pid: number): boolean {
  if (!existsSync(`/proc/${pid}/stat`)) return false;
  return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
}

describe('a child process', () => {
  it('is killed when it does not end by itself', async () => {
    const child = await startChild(process.execPath, FOREVER, { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.process.stdout as NodeJS.ReadableStream, 'data');
    await child.stop(100);
    expect(await child.ended).toEqual({ code: null, signal: 'SIGKILL' });
    expect(isRunning(child.pid)).toBe(false);
  });

  it('takes its own children with it', async () => {
    const script = `const { spawn } = require('node:child_process');
      const child = spawn(process.execPath, ${JSON.stringify(FOREVER)}, { stdio: 'ignore' });
      child.unref();
      console.log(child.pid);`;
    const child = await startChild(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = await once(child.process.stdout as NodeJS.ReadableStream, 'data');
    const grandchild = Number(line);
    await child.ended;
    await child.stop(100);
    await expect.poll(() => isRunning(grandchild)).toBe(false);
  });

  it.each(['stop', 'kill', 'the end of its parent'])(
    'takes children with it that made a group of their own: by %s',
    async (how) => {
      // The leader ends at SIGTERM, its child does not.
      const script = `const { spawn } = require('node:child_process');
        const child = spawn(process.execPath, ${JSON.stringify(FOREVER)}, { stdio: 'ignore', detached: true });
        console.log(child.pid);
        setInterval(() => {}, 1000);`;
      if (how === 'the end of its parent') {
        const parent = spawn(
          process.execPath,
          [
            '--input-type=module-typescript',
            '-e',
            `import { startChild } from ${JSON.stringify(new URL('../src/child.ts', import.meta.url).href)};
             await startChild(process.execPath, ['-e', ${JSON.stringify(script)}], { stdio: ['ignore', 'inherit', 'inherit'] });`,
          ],
          { stdio: ['ignore', 'pipe', 'inherit'] },
        );
        const [line] = await once(parent.stdout, 'data');
        parent.kill('SIGKILL');
        await expect.poll(() => isRunning(Number(line))).toBe(false);
        return;
      }
      const child = await startChild(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
      const [line] = await once(child.process.stdout as NodeJS.ReadableStream, 'data');
      expect(isRunning(Number(line))).toBe(true);
      await (how === 'kill' ? child.kill() : child.stop(5_000));
      await expect.poll(() => isRunning(Number(line))).toBe(false);
    },
  );

  it('is told from a process that got the number of one that has ended: that one lives on', async () => {
    const stranger = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    await once(stranger, 'spawn');
    const pid = stranger.pid as number;
    const started = startTimeOf(pid) as string;
    const ended = once(stranger, 'exit');
    killDescendants([{ pid, started: String(Number(started) - 1) }]);
    // A signal is there before the next one is sent: had it been killed, it would end by that.
    stranger.kill('SIGTERM');
    expect(await ended).toEqual([null, 'SIGTERM']);
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    await once(child, 'spawn');
    const gone = once(child, 'exit');
    killDescendants([{ pid: child.pid as number, started: startTimeOf(child.pid as number) as string }]);
    expect(await gone).toEqual([null, 'SIGKILL']);
  });

  it('ends with its parent even when that is killed', async () => {
    const script = `
      import { startChild } from ${JSON.stringify(new URL('../src/child.ts', import.meta.url).href)};
      const child = await startChild(process.execPath, ${JSON.stringify(FOREVER)});
      console.log(child.pid);`;
    const parent = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = await once(parent.stdout, 'data');
    const pid = Number(line);
    expect(isRunning(pid)).toBe(true);
    const ended = once(parent, 'exit');
    parent.kill('SIGKILL');
    await ended;
    await expect.poll(() => isRunning(pid)).toBe(false);
  });

  it('leaves nothing behind when it ends by itself', async () => {
    const child = await startChild(process.execPath, ['-e', 'process.exitCode = 7']);
    expect(await child.ended).toEqual({ code: 7, signal: null });
    await child.stop();
  });

  it('says what could not be started', async () => {
    await expect(startChild('/no/such/program', [])).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
