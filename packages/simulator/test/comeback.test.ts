import { expect, it } from 'vitest';
import { createComeback } from '../src/phone/comeback.ts';

/** Time that goes on when it is told to. */
function clock() {
  let now = 0;
  let due: { at: number; run: () => void }[] = [];
  return {
    now: () => now,
    after(ms: number, run: () => void) {
      const entry = { at: now + ms, run };
      due.push(entry);
      return () => {
        due = due.filter((other) => other !== entry);
      };
    },
    pass(ms: number) {
      now += ms;
      const ripe = due.filter(({ at }) => at <= now);
      due = due.filter(({ at }) => at > now);
      for (const { run } of ripe) run();
    },
  };
}

it('a phone whose process ended starts again once; an end within a minute waits for somebody', () => {
  const time = clock();
  let restarts = 0;
  const comeback = createComeback(() => restarts++, time.now, time.after);
  expect(comeback.ended()).toBe(true);
  expect(restarts).toBe(0);
  time.pass(10_000);
  expect(restarts).toBe(1);
  comeback.started();
  time.pass(40_000);
  expect(comeback.ended()).toBe(false);
  time.pass(50_000);
  expect(restarts).toBe(1);
  // The minute counts from the last end, also from one that had no restart of its own.
  expect(comeback.ended()).toBe(false);
  time.pass(61_000);
  expect(comeback.ended()).toBe(true);
  time.pass(10_000);
  expect(restarts).toBe(2);
});

it('what was started by hand meanwhile is not started a second time', () => {
  const time = clock();
  let restarts = 0;
  const comeback = createComeback(() => restarts++, time.now, time.after);
  expect(comeback.ended()).toBe(true);
  comeback.started();
  time.pass(10_000);
  expect(restarts).toBe(0);
});
