import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startZooKeeper, temporaryFolder } from '@sparrow/testkit';
import { expect, it, onTestFinished } from 'vitest';
import type { Topology } from '../src/index.ts';
import { startedFrom } from '../src/index.ts';

const REPOSITORY = join(import.meta.dirname, '../../..');
const CLI = join(REPOSITORY, 'packages/cli/src/main.ts');
const GAME = `
const encode = (value) => new TextEncoder().encode(JSON.stringify(value));
const player = (state) => ({ ask: () => encode(state), freeze: () => encode(state) });
export const types = { Player: (_key, state) => player(JSON.parse(new TextDecoder().decode(state))) };
export async function start(node) {
  for (const key of ['1', '2', '3']) await node.register('Player', node.name + '-' + key, player({ born: node.name }));
}
`;

it('sparrow game: a set is started, nodes join, a second set comes, one is drained away', {
  timeout: 400_000,
}, async () => {
  const ensemble = await startZooKeeper();
  const folder = await temporaryFolder('game');
  onTestFinished(async () => {
    for (const { pid } of startedFrom(join(folder.path, '.sparrow/game')))
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It ended.
      }
    await ensemble.stop();
    folder.remove();
  });
  await writeFile(join(folder.path, 'game.key'), 'the key of this game');
  await writeFile(join(folder.path, 'module.mjs'), GAME);
  await writeFile(
    join(folder.path, 'game.json'),
    JSON.stringify({ zookeeper: ensemble.addresses, keyFile: 'game.key', sessionTimeoutMs: 1_000 }),
  );
  const sparrow = <T>(...args: string[]): Promise<T> =>
    new Promise((resolve, reject) =>
      execFile(
        process.execPath,
        [CLI, 'game', ...args, '--json'],
        { cwd: folder.path, timeout: 150_000 },
        (error, stdout, stderr) => {
          if (stdout) resolve(JSON.parse(stdout) as T);
          else reject(new Error(`${args.join(' ')}: ${stderr || error?.message}`));
        },
      ),
    );

  expect(await sparrow('add-set', 'a')).toMatchObject({ set: 'a', main: expect.stringMatching(/^r[12]$/) });
  expect(await sparrow('add-node', 'a', 'n1', '--module', 'module.mjs')).toMatchObject({ set: 'a', node: 'n1' });
  expect(await sparrow('add-set', 'b', '--routers', '1')).toMatchObject({ set: 'b' });
  expect(await sparrow('add-node', 'b', 'n2', '--module', 'module.mjs')).toMatchObject({ set: 'b', node: 'n2' });
  await expect
    .poll(() => sparrow('topology', '--find', 'Player/n2-1'))
    .toMatchObject({ found: true, set: 'b', node: 'n2' });
  await expect
    .poll(async () => (await sparrow<{ routers: Topology[] }>('topology')).routers.map(({ slots }) => slots))
    .toEqual([2048, 2048, 2048]);
  const { routers } = await sparrow<{ routers: Topology[] }>('topology');
  expect(routers.map(({ set, role }) => `${set} ${role}`)).toEqual(['a main', 'a standby', 'b main']);
  const { rates } = await sparrow<{ rates: { set: string; routes: number }[] }>('top');
  expect(rates.map(({ set }) => set)).toEqual(['a', 'a', 'b']);
  expect(await sparrow('drain', 'b')).toMatchObject({ moved: 3, left: 0 });
  await expect
    .poll(() => sparrow('topology', '--find', 'Player/n2-1'))
    .toMatchObject({ found: true, set: 'a', node: 'n1' });
  await expect.poll(() => startedFrom(join(folder.path, '.sparrow/game')).filter(({ set }) => set === 'b')).toEqual([]);
});

it('sparrow game: a set or a node that does not come up leaves nothing running', { timeout: 200_000 }, async () => {
  const folder = await temporaryFolder('game-fails');
  const started = join(folder.path, '.sparrow/game');
  onTestFinished(() => {
    for (const { pid } of startedFrom(started)) process.kill(pid, 'SIGKILL');
    folder.remove();
  });
  // Nobody listens there.
  await writeFile(join(folder.path, 'game.json'), JSON.stringify({ zookeeper: ['127.0.0.1:1'], key: 'x' }));
  await writeFile(join(folder.path, 'module.mjs'), GAME);
  const run = (...args: string[]): Promise<string> =>
    new Promise((resolve) =>
      execFile(process.execPath, [CLI, 'game', ...args], { cwd: folder.path, timeout: 90_000 }, (_, out, err) =>
        resolve(out + err),
      ),
    );
  for (const args of [
    ['add-set', 'a'],
    ['add-node', 'a', 'n1', '--module', 'module.mjs'],
  ]) {
    const said = run(...args);
    // They do run meanwhile.
    await expect.poll(() => startedFrom(started).length).toBeGreaterThan(0);
    expect(await said).toContain('ZooKeeper does not answer at 127.0.0.1:1');
    expect(startedFrom(started)).toEqual([]);
  }
});
