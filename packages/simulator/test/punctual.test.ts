import { expect, it } from 'vitest';
import { type Timers, whenSilent } from '../src/phone/punctual.ts';

/** Time that goes on when the test says so; a tick may come late. */
function createTime() {
  let now = 0;
  let tick: (() => void) | undefined;
  const timers: Timers = {
    now: () => now,
    every: (_ms, run) => {
      tick = run;
      return () => (tick = undefined);
    },
  };
  return {
    timers,
    /** So many ticks, each after this time. */
    pass(count: number, ms: number) {
      for (let left = count; left > 0; left--) {
        now += ms;
        tick?.();
      }
    },
  };
}

function wait(limitMs: number) {
  const time = createTime();
  const late = { count: 0 };
  const stop = whenSilent(limitMs, () => late.count++, time.timers);
  return { time, late, stop };
}

it('calls a program late that has been silent while this side was punctual, and says it once', () => {
  const { time, late } = wait(15_000);
  time.pass(29, 500);
  expect(late.count).toBe(0);
  time.pass(1, 510);
  expect(late.count).toBe(1);
  time.pass(100, 500);
  expect(late.count).toBe(1);
});

it('blames nobody for time in which this side itself stood still', () => {
  const { time, late } = wait(15_000);
  time.pass(200, 5_000);
  expect(late.count).toBe(0);
  time.pass(29, 500);
  time.pass(1, 60_000);
  expect(late.count).toBe(0);
  time.pass(1, 500);
  expect(late.count).toBe(1);
});

it('is over when the answer has come', () => {
  const { time, late, stop } = wait(1_000);
  time.pass(1, 500);
  stop();
  time.pass(10, 500);
  expect(late.count).toBe(0);
});
