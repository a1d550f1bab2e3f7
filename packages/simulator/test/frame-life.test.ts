import { expect, it } from 'vitest';
import { watchFrameLife } from '../src/phone/frame-life.ts';

/** A frame, another one, and the time that passes beside them. */
function stage() {
  let now = 0;
  let tick = (): void => {};
  let sign = (): void => {};
  let running: (() => void) | undefined;
  const seen = { asked: 0, ended: 0, others: 0, open: 0, stuck: 0, alive: 0 };
  const end = watchFrameLife(
    {
      ask: () => void seen.asked++,
      onSign(heard) {
        sign = heard;
        return () => {
          sign = () => {};
        };
      },
      openOther(start) {
        running = start;
        seen.others++;
        seen.open++;
        return () => {
          running = undefined;
          seen.open--;
        };
      },
    },
    { ended: () => void seen.ended++, stuck: () => void seen.stuck++, alive: () => void seen.alive++ },
    {
      now: () => now,
      every(_ms, run) {
        tick = run;
        return () => {
          tick = () => {};
        };
      },
    },
  );
  return {
    seen,
    end,
    sign: () => sign(),
    otherRuns: () => running?.(),
    /** So many ticks, each after so long. */
    pass(count: number, ms = 1_000) {
      for (let i = 0; i < count; i++) {
        now += ms;
        tick();
      }
    },
  };
}

it('a frame is gone when it stays silent while another one of its kind starts', () => {
  const { seen, pass, otherRuns } = stage();
  pass(4);
  expect(seen).toMatchObject({ asked: 1, others: 1, ended: 0 });
  otherRuns();
  pass(2);
  expect(seen).toMatchObject({ ended: 1, open: 0, stuck: 0 });
  pass(10);
  expect(seen.ended).toBe(1);
});

it('a frame that is busy is not gone: nothing starts beside it, however long that is', () => {
  const { seen, pass, sign, otherRuns } = stage();
  pass(500);
  expect(seen).toMatchObject({ ended: 0, others: 1, stuck: 1, alive: 0 });
  // Its turn comes before that of the other.
  sign();
  otherRuns();
  pass(2);
  expect(seen).toMatchObject({ ended: 0, open: 0, stuck: 1, alive: 1 });
});

it('a machine that is busy makes nobody silent, and a sign clears everything', () => {
  const { seen, pass, sign, otherRuns, end } = stage();
  pass(50, 4_000);
  expect(seen).toMatchObject({ others: 0, ended: 0, stuck: 0 });
  sign();
  pass(4);
  otherRuns();
  pass(1);
  sign();
  pass(3);
  expect(seen.ended).toBe(0);
  pass(1);
  end();
  expect(seen.open).toBe(0);
});
