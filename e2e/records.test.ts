import { cp, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createDevServer } from '@sparrow/cloud';
import { launchBrowser } from '@sparrow/simulator/server';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');

test('the console shows records, edits one, and says that the store is one file', async () => {
  const dir = await mkdtemp(join(root, 'examples', '.e2e-'));
  await cp(join(root, 'examples/game-save'), dir, { recursive: true, filter: (path) => !path.includes('/.sparrow') });
  const server = await createDevServer({
    dir,
    port: 0,
    consoleDir: join(root, 'apps/console/dist'),
    registerSimulator: async (app) => {
      app.get('/api/v1/simulator', async () => ({ token: '', phone: 'about:blank' }));
      return { phonePath: '/phone', close: async () => {} };
    },
    watch: false,
  });
  const browser = await launchBrowser();
  try {
    await server.whenBackendReady(20_000);
    const pay = await fetch(`${server.ingressUrl}/ann/gold`, { method: 'POST', body: '{"amount": 100}' });
    expect(pay.status).toBe(200);
    const page = await browser.newPage({ viewport: { width: 1500, height: 900 }, locale: 'en-US' });
    page.setDefaultTimeout(10_000);
    await page.goto(server.consoleUrl);
    await page.getByRole('button', { name: /^(Records|记录)$/ }).click();
    await page.locator('.ant-drawer .ant-select').first().click();
    await page.locator('.ant-select-item-option', { hasText: 'Wallet' }).click();
    const line = page.locator('.ant-drawer tbody tr', { hasText: 'ann' });
    await line.getByText('100', { exact: true }).waitFor();
    await line.getByRole('button', { name: /^(Edit|编辑)$/ }).click();
    await page.locator('.ant-modal').getByLabel(/^gold/).fill('250');
    await page.locator('.ant-modal-footer .ant-btn-primary').click();
    await line.getByText('250', { exact: true }).waitFor();
    await page.getByRole('tab', { name: /^(Shards|分片)$/ }).click();
    await page.getByText(/sparrow store shards grow/).waitFor();
  } finally {
    await browser.close();
    await server.close();
    await rm(dir, { recursive: true, force: true });
  }
}, 90_000);
