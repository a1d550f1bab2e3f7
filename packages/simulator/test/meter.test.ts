import type { NetworkEntry } from '@sparrow/protocol';
import { expect, it } from 'vitest';
import { createNetworkMeter } from '../src/phone/meter.ts';

const entry = (id: number, more: Partial<NetworkEntry> = {}): NetworkEntry => ({
  ...{ id, time: 1, kind: 'request', method: 'GET', url: 'http://a/', requestHeader: {}, requestBody: '' },
  ...more,
});

it('of a flood of requests the console hears a part, and of each of these how it ended', () => {
  const hears = createNetworkMeter(() => {});
  const begun = Array.from({ length: 10_000 }, (_, i) => hears(entry(i + 1)));
  const count = begun.filter(Boolean).length;
  expect(count).toBeGreaterThanOrEqual(300);
  expect(count).toBeLessThan(1_000);
  const ended = begun.map((_, i) => hears(entry(i + 1, { ms: 5, status: 200 })));
  expect(ended).toEqual(begun);
});
