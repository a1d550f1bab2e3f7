import { expect, it } from 'vitest';
import { createParts } from '../../src/native/parts.ts';

/** Parts that come, or fail to, when the test says so. */
function slowParts() {
  const asked: PromiseWithResolvers<void>[] = [];
  const parts = createParts<'scan'>(() => {
    const one = Promise.withResolvers<void>();
    asked.push(one);
    return one.promise;
  }, 20);
  return { parts, asked };
}

it('a part that comes late is loaded once, and holds up only the first call that needs it', async () => {
  const { parts, asked } = slowParts();
  await parts.need('scan');
  parts.missed('scan');
  // Nothing to wait for: these fail at once.
  for (let nth = 0; nth < 3; nth++) {
    expect(parts.need('scan')).toBeUndefined();
    parts.missed('scan');
  }
  asked[0]?.resolve();
  await asked[0]?.promise;
  expect(parts.need('scan')).toBeUndefined();
  expect(asked.length).toBe(1);
});

it('a part that could not be had is tried again by the call behind the one that failed', async () => {
  const { parts, asked } = slowParts();
  const first = parts.need('scan');
  expect(parts.need('scan')).toBe(first);
  asked[0]?.reject(new Error('no connection'));
  await first;
  expect(parts.need('scan')).toBeUndefined();
  parts.missed('scan');
  const second = parts.need('scan');
  expect(second).toBeInstanceOf(Promise);
  asked[1]?.resolve();
  await second;
  expect(parts.need('scan')).toBeUndefined();
  expect(asked.length).toBe(2);
});
