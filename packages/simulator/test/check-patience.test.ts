import { expect, it } from 'vitest';
import { within } from '../src/server/check-patience.ts';

const after = (ms: number): Promise<string> => new Promise((resolve) => setTimeout(resolve, ms, 'done'));
const never = (): Promise<never> => new Promise(() => {});

it('waits longer for what has only a share of the machine', async () => {
  await expect(within(500, () => after(1_000), { crowd: () => 1 })).rejects.toThrow('the limit is 500 ms');
  await expect(within(500, () => after(1_000), { crowd: () => 6 })).resolves.toBe('done');
});

it('gives up in the end, however busy the machine is', async () => {
  await expect(within(100, never, { crowd: () => 1_000 })).rejects.toThrow('nothing for');
});
