import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createGameService } from '../src/game/game-service.ts';
import { temporaryFolder } from './harness.ts';

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
  mkdirSync(join(folder.path, 'project'));
  writeFileSync(join(folder.path, 'private.key'), 'a key of the user');
});
afterEach(() => folder.remove());

it.each(['../private.key', '/etc/hostname', 'sub/../../private.key', 'link.key'])(
  'a game.json whose keyFile is %s makes us read no file of the user',
  async (keyFile) => {
    const dir = join(folder.path, 'project');
    symlinkSync('../private.key', join(dir, 'link.key'));
    writeFileSync(join(dir, 'game.json'), JSON.stringify({ zookeeper: ['127.0.0.1:1'], keyFile }));
    const game = createGameService({ dir });
    await expect(game.picture()).rejects.toMatchObject({ code: 'PATH_OUTSIDE_PROJECT' });
    await game.close();
  },
);
