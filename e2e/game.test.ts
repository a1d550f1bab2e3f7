import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startedFrom, startNode, startSet, stopStarted } from '@sparrow/router';
import { launchBrowser } from '@sparrow/simulator/server';
import { startZooKeeper } from '@sparrow/testkit';
import { expect, onTestFinished, test } from 'vitest';
import { serveWithoutPhones } from './console-without-phones.ts';
import { exampleCopy } from './example-copy.ts';

/** Two sets of five processes start at once: on a busy machine that takes its time. */
const PATIENCE_MS = 90_000;
const SHOTS = process.env.SPARROW_SCREENSHOTS;
const MODULE = `
import { objectId } from '@sparrow/router';
const bytes = new Uint8Array(32);
const player = () => ({ tell() {}, ask: () => bytes, freeze: () => bytes });
export const types = { Player: player };
export async function start(node) {
  const names = { n1: ['42', '7'], n2: ['43'], n3: ['44'] }[node.name] ?? [];
  for (const name of names) await node.register('Player', name, player());
  setInterval(() => {
    for (const key of ['42', '43', '44']) try { node.self.tell(objectId('Player', key), 1, bytes); } catch {}
  }, 5);
}
`;

test('the console shows a game of two sets, finds an object since when, and has a button for each fault', async () => {
  const ensemble = await startZooKeeper();
  const { dir, remove } = exampleCopy('game-save');
  const processes = join(dir, '.sparrow/game');
  const config = { zookeeper: ensemble.addresses, key: 'page', sessionTimeoutMs: 1_000, faults: true };
  await writeFile(join(dir, 'game.json'), JSON.stringify(config));
  await writeFile(join(dir, 'module.mjs'), MODULE);
  const stops: (() => Promise<unknown>)[] = [async () => remove(), () => ensemble.stop()];
  onTestFinished(async () => {
    for (const stop of stops.reverse()) await stop().catch(() => {});
  });
  stops.push(async () => {
    const started = startedFrom(processes);
    for (const { pid } of started) process.kill(pid, 'SIGCONT');
    await stopStarted(processes, started);
  });
  startSet(config, { name: 'a', routers: 2, host: '127.0.0.1' }, processes);
  startSet(config, { name: 'b', routers: 1, host: '127.0.0.1' }, processes);
  const module = join(dir, 'module.mjs');
  for (const [set, name] of [
    ['a', 'n1'],
    ['a', 'n2'],
    ['b', 'n3'],
  ] as const)
    startNode(config, { set, name, module }, processes);
  const server = await serveWithoutPhones(dir);
  stops.push(() => server.close());
  const browser = await launchBrowser();
  stops.push(() => browser.close());
  const english = await browser.newPage({ viewport: { width: 1500, height: 1000 }, locale: 'en-US' });
  english.setDefaultTimeout(PATIENCE_MS);
  await english.goto(server.consoleUrl);
  await english.getByText('Game', { exact: true }).first().click();
  const game = english.locator('.game');
  // Sets, routers, nodes, links with rates.
  const router = (name: string) => game.locator('.game-routers tbody tr', { hasText: name });
  await router('r2').waitFor();
  await game.locator('.game-nodes tbody tr', { hasText: 'n3' }).waitFor();
  await game.locator('.game-links tbody tr', { hasText: 'b/r1' }).first().waitFor();
  await expect
    .poll(async () => Number(await router('main').first().locator('td').nth(6).textContent()), { timeout: PATIENCE_MS })
    .toBeGreaterThan(0);
  await game.getByPlaceholder(/Player\/42/).fill('Player/44');
  await game.getByPlaceholder(/Player\/42/).press('Enter');
  await game.getByText(/on b\/n3, epoch \d+\.\d+, since .+, decided by set [ab]/).waitFor();
  if (SHOTS) await english.screenshot({ path: join(SHOTS, 'game-en.png'), fullPage: true });
  // Every button does what it says.
  const press = async (line: ReturnType<typeof router>, name: string): Promise<void> => {
    await line.getByRole('button', { name, exact: true }).click();
    await english.locator('.ant-message-success').last().waitFor();
  };
  const n1 = game.locator('.game-nodes tbody tr', { hasText: 'n1' });
  for (const name of ['make slow', 'flood', 'put to sleep', 'wake']) await press(n1, name);
  await press(game.locator('.game-links tbody tr', { hasText: 'a/n2' }).first(), 'one-way cut');
  await press(router('r1').first(), 'send garbage');
  await game.getByRole('button', { name: 'register it twice' }).click();
  await expect
    .poll(async () => {
      await game.getByPlaceholder(/Player\/42/).press('Enter');
      return game.getByText(/on b\/console-/).count();
    })
    .toBe(1);
  const line = (name: string) => game.locator('.game-routers tbody tr').filter({ hasText: `a${name}` });
  const become = (name: string, role: string): Promise<unknown> =>
    expect.poll(() => line(name).getByText(role).count(), { timeout: PATIENCE_MS }).toBe(1);
  const [first, other] = (await line('r2').getByText('main').count()) > 0 ? ['r2', 'r1'] : ['r1', 'r2'];
  await press(line(first), 'cut from ZooKeeper');
  await become(other, 'main');
  await press(line(first), 'wake');
  await become(first, 'standby');
  await press(line(other), 'put to sleep');
  await become(first, 'main');
  await become(other, 'away');
  await press(line(other), 'wake');
  await become(other, 'standby');
  await press(line(first), 'kill -9');
  await become(other, 'main');

  const chinese = await browser.newPage({ viewport: { width: 1500, height: 1000 }, locale: 'zh-CN' });
  chinese.setDefaultTimeout(PATIENCE_MS);
  await chinese.goto(server.consoleUrl);
  // The component library puts a space between two characters.
  const button = (name: RegExp) => chinese.getByRole('button', { name });
  await chinese.getByText('Sparrow').first().waitFor();
  if ((await button(/^游\s*戏$/).count()) === 0) await button(/^中\s*文$/).click();
  await button(/^游\s*戏$/).click();
  await chinese.locator('.game').getByRole('button', { name: '断开 ZooKeeper' }).first().waitFor();
  if (SHOTS) await chinese.screenshot({ path: join(SHOTS, 'game-zh.png'), fullPage: true });

  // Somewhere else, without `faults`: no button that the routers would refuse.
  const { dir: elsewhere, remove: removeElsewhere } = exampleCopy('game-save');
  stops.push(async () => removeElsewhere());
  const { faults: _, ...plain } = config;
  await writeFile(join(elsewhere, 'game.json'), JSON.stringify(plain));
  const watcher = await serveWithoutPhones(elsewhere);
  stops.push(() => watcher.close());
  await english.goto(watcher.consoleUrl);
  await english.getByText('Game', { exact: true }).first().click();
  await game.locator('.game-links tbody tr', { hasText: 'b/r1' }).first().waitFor();
  expect(await game.locator('.game-links').getByRole('button').count()).toBe(0);
  expect(await game.getByText('Faults').count()).toBe(0);
}, 600_000);
