import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startZooKeeper, temporaryFolder } from '@sparrow/testkit';
import { expect, it, onTestFinished } from 'vitest';
import { createGameService } from '../../cloud/src/game/game-service.ts';
import { startedFrom, startNode, startSet } from '../src/index.ts';

it('the console sees a game, finds an object, and does a fault to it', { timeout: 240_000 }, async () => {
  const ensemble = await startZooKeeper({ servers: 1 });
  const folder = await temporaryFolder('game-page');
  const processes = join(folder.path, '.sparrow/game');
  const service = createGameService({ dir: folder.path });
  onTestFinished(async () => {
    await service.close();
    for (const { pid } of startedFrom(processes))
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It ended.
      }
    await ensemble.stop();
    folder.remove();
  });
  await expect(service.picture()).rejects.toMatchObject({ code: 'NOT_FOUND' });
  const config = { zookeeper: ensemble.addresses, key: 'page', sessionTimeoutMs: 1_000 };
  await writeFile(join(folder.path, 'game.json'), JSON.stringify(config));
  await writeFile(
    join(folder.path, 'module.mjs'),
    "export const types = { Player: undefined };\nexport const start = (node) => node.register('Player', '42', {});\n",
  );
  startSet(config, { name: 'a', routers: 2, host: '127.0.0.1' }, processes);
  startNode(config, { set: 'a', name: 'n1', module: join(folder.path, 'module.mjs') }, processes);
  await expect
    .poll(() => service.lookUp('Player', '42').catch(() => undefined), { timeout: 90_000 })
    .toMatchObject({ found: true, set: 'a', node: 'n1', decidedBy: 'a', epoch: { counter: expect.any(Number) } });
  const before = await service.picture();
  const main = before.routers.find(({ role }) => role === 'main');
  expect(before.processes.map(({ name }) => name).toSorted()).toEqual(['n1', 'r1', 'r2']);
  expect((await service.picture()).rates.length).toBeGreaterThan(0);
  await service.fault({ kind: 'kill', set: 'a', name: main?.router ?? '' });
  await expect
    .poll(
      async () => (await service.picture()).routers.find(({ role, isReady }) => role === 'main' && isReady)?.router,
      {
        timeout: 90_000,
      },
    )
    .toBe(main?.router === 'r1' ? 'r2' : 'r1');
  await expect(service.fault({ kind: 'kill', set: 'a', name: 'nobody' })).rejects.toThrow(/not started/);
});
