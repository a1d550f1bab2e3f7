import { expect, it } from 'vitest';
import { Ticker } from '../src/index.ts';

it('looks until there is nothing left to look after, and again when there is', async () => {
  let left = 3;
  const ticker = new Ticker(1, () => --left > 0);
  ticker.start();
  ticker.start();
  await expect.poll(() => left).toBe(0);
  left = 2;
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(left).toBe(2);
  ticker.start();
  await expect.poll(() => left).toBe(0);
  left = 5;
  ticker.start();
  ticker.stop();
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(left).toBe(5);
});
