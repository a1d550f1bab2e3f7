import { join } from 'node:path';
import type { DevServer } from '@sparrow/cloud';
import { launchBrowser } from '@sparrow/simulator/server';
import { startPostgres } from '@sparrow/testkit';
import { expect, test } from 'vitest';
import { serveWithoutPhones } from './console-without-phones.ts';
import { exampleCopy } from './example-copy.ts';

/** On a busy machine two PostgreSQL servers and a browser take their time. */
const PATIENCE_MS = 90_000;

/** The game of `examples/game-save` with its console, without phones. */
async function startGame(): Promise<{ server: DevServer; remove(): void }> {
  const { dir, remove } = exampleCopy('game-save');
  const server = await serveWithoutPhones(dir);
  return { server, remove };
}

test('the console shows records, edits one, and says that the store is one file', async () => {
  const { server, remove } = await startGame();
  const browser = await launchBrowser();
  try {
    await server.whenBackendReady(20_000);
    const pay = await fetch(`${server.ingressUrl}/ann/gold`, { method: 'POST', body: '{"amount": 100}' });
    expect(pay.status).toBe(200);
    for (const slot of [1, 2]) {
      const body = '{"level": 3, "state": "aGVsbG8="}';
      expect((await fetch(`${server.ingressUrl}/ann/saves/${slot}`, { method: 'PUT', body })).status).toBe(200);
    }
    const buy = await fetch(`${server.ingressUrl}/ann/purchases`, {
      method: 'POST',
      body: '{"item": "sword", "price": 0}',
    });
    expect(buy.status).toBe(200);
    const page = await browser.newPage({ viewport: { width: 1500, height: 900 }, locale: 'en-US' });
    page.setDefaultTimeout(PATIENCE_MS);
    await page.goto(server.consoleUrl);
    await page.getByRole('button', { name: /^(Records|记录)$/ }).click();
    const rows = page.locator('.ant-drawer tbody tr.ant-table-row');
    await expect.poll(() => rows.count()).toBe(2);
    await page.locator('.ant-drawer .ant-select').first().click();
    await page.locator('.ant-select-item-option', { hasText: 'Wallet' }).click();
    const line = page.locator('.ant-drawer tbody tr', { hasText: 'ann' });
    await line.getByText('100', { exact: true }).waitFor();
    // Both saves are of one player, which is all that a wallet's key asks for.
    expect(await rows.count()).toBe(1);
    await line.getByRole('button', { name: /^(Edit|编辑)$/ }).click();
    await page.locator('.ant-modal').getByLabel(/^gold/).fill('250');
    await page.locator('.ant-modal-footer .ant-btn-primary').click();
    await line.getByText('250', { exact: true }).waitFor();
    // A list is shown by its key.
    await page.locator('.ant-drawer .ant-select').first().click();
    await page.locator('.ant-select-item-option', { hasText: 'Purchase' }).click();
    await page.getByPlaceholder(/player$/).fill('ann');
    await page.getByPlaceholder(/player$/).press('Enter');
    const sword = page.locator('.ant-drawer tbody tr', { hasText: 'sword' });
    await sword.getByRole('button', { name: /^(Edit|编辑)$/ }).click();
    await page
      .locator('.ant-modal')
      .getByLabel(/^price/)
      .fill('71');
    await page.locator('.ant-modal-footer .ant-btn-primary').click();
    await sword.getByText('71', { exact: true }).waitFor();
    await shoot(page, 'list');
    await sword.getByRole('button', { name: '✕' }).click();
    await page.locator('.ant-popover .ant-btn-primary').click();
    await sword.waitFor({ state: 'detached' });
    await page.getByRole('tab', { name: /^(Shards|分片)$/ }).click();
    await page.getByText(/sparrow store shards grow/).waitFor();
  } finally {
    await browser.close();
    await server.close();
    remove();
  }
});

test('a button brings the store to PostgreSQL while the game goes on, another one grows it to a second shard', async () => {
  const [first, second] = await Promise.all([startPostgres(), startPostgres()]);
  const { server, remove } = await startGame();
  const browser = await launchBrowser();
  let playing = true;
  try {
    await server.whenBackendReady(20_000);
    const answers: number[] = [];
    const game = (async () => {
      while (playing) {
        const player = `p${answers.length % 40}`;
        const pay = await fetch(`${server.ingressUrl}/${player}/gold`, { method: 'POST', body: '{"amount": 1}' });
        answers.push(pay.status);
        await pay.arrayBuffer();
      }
    })();
    const page = await browser.newPage({ viewport: { width: 1500, height: 900 }, locale: 'en-US' });
    page.setDefaultTimeout(PATIENCE_MS);
    await page.goto(server.consoleUrl);
    await page.getByRole('button', { name: /^(Records|记录)$/ }).click();
    await page.getByRole('tab', { name: /^(Shards|分片)$/ }).click();
    await shoot(page, 'embedded');
    await page.getByLabel('PostgreSQL').fill(first.url);
    await page.getByRole('button', { name: /Grow to PostgreSQL|扩展到/ }).click();
    await page.getByText(/1024 (slots|个槽位) · 100 %/).waitFor();
    const atSwitch = answers.length;
    await page.getByLabel(/^(Add shard|添加分片)$/).fill(second.url);
    await page.getByRole('button', { name: /^(Add shard|添加分片) s1/ }).click();
    await page.getByRole('button', { name: /Grow: move|扩容：迁移/ }).click();
    await page.getByRole('cell', { name: 'done' }).waitFor();
    await page.getByRole('img', { name: 's0 0–511, s1 512–1023' }).waitFor();
    await expect.poll(() => answers.length).toBeGreaterThan(atSwitch + 100);
    await shoot(page, 'sharded');
    await page.getByRole('tab', { name: /^(Slow|慢)/ }).click();
    await shoot(page, 'slow');
    playing = false;
    await game;
    expect(answers.filter((status) => status !== 200)).toEqual([]);
    const total = async (): Promise<number> => {
      let sum = 0;
      for (let i = 0; i < 40; i++) {
        const response = await fetch(`${server.ingressUrl}/p${i}/gold`, { method: 'POST', body: '{"amount": 0}' });
        sum += Number(((await response.json()) as { gold: string }).gold);
      }
      return sum;
    };
    expect(await total()).toBe(answers.length);
  } finally {
    playing = false;
    await browser.close();
    await server.close();
    remove();
    await Promise.all([first.close(), second.close()]);
  }
});

/** Pictures for who looks at them: SPARROW_SCREENSHOTS names the folder. */
async function shoot(page: { screenshot(options: { path: string }): Promise<unknown> }, name: string): Promise<void> {
  if (process.env.SPARROW_SCREENSHOTS)
    await page.screenshot({ path: join(process.env.SPARROW_SCREENSHOTS, `${name}.png`) });
}
