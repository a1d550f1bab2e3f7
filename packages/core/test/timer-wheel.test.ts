import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Clock, createManualClock, TimerWheel } from '../src/index.ts';

describe('a timer wheel', () => {
  it('fires each deadline once, never early and at most a tick late', () => {
    const step = fc.record({ key: fc.nat(5), due: fc.nat(20_000), wait: fc.nat(3_000) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const clock = createManualClock();
        const expected = new Map<number, number>();
        const wheel = new TimerWheel<number>({
          clock,
          tickMs: 100,
          onDue(key) {
            const due = expected.get(key) as number;
            expect(clock.now()).toBeGreaterThanOrEqual(due);
            expect(clock.now()).toBeLessThanOrEqual(due + 200);
            expected.delete(key);
          },
        });
        for (const { key, due, wait } of steps) {
          expected.set(key, clock.now() + due);
          wheel.set(key, due);
          clock.advance(wait);
        }
        clock.advance(30_000);
        expect(expected.size).toBe(0);
        expect(wheel.size).toBe(0);
      }),
    );
  });

  /** A clock whose timers come as late as a busy or sleeping machine lets them. */
  function lateClock(): Clock & { fireAt(ms: number): void } {
    let now = 0;
    let waiting: (() => void) | undefined;
    return {
      now: () => now,
      elapsed: () => now,
      after(_ms, callback) {
        waiting = callback;
        return () => {
          waiting = undefined;
        };
      },
      fireAt(ms) {
        now = ms;
        const callback = waiting;
        waiting = undefined;
        callback?.();
      },
    };
  }

  it('loses nothing when its timer is late and whoever is told sets another deadline', () => {
    const clock = lateClock();
    const fired: string[] = [];
    const wheel = new TimerWheel<string>({
      clock,
      tickMs: 20,
      onDue(key) {
        fired.push(key);
        if (key === 'first') wheel.set('another', 5_000);
      },
    });
    wheel.set('first', 100);
    wheel.set('second', 140);
    wheel.set('third', 180);
    for (let i = 0; i < 20; i++) wheel.set(`far ${i}`, 9_000 + i * 20);
    clock.fireAt(80);
    clock.fireAt(300);
    expect(fired).toEqual(['first', 'second', 'third']);
  });

  it('tells after a long sleep also what was moved to a time in it', () => {
    const clock = lateClock();
    const fired: string[] = [];
    const wheel = new TimerWheel<string>({ clock, tickMs: 1_000, onDue: (key) => fired.push(key) });
    wheel.set('connection', 5_000);
    wheel.set('connection', 9_000);
    clock.fireAt(3_600_000);
    clock.fireAt(3_601_000);
    expect(fired).toEqual(['connection']);
    expect(wheel.size).toBe(0);
  });

  it('does not stay in one round when what is told is due again at once', () => {
    const clock = lateClock();
    let told = 0;
    const wheel = new TimerWheel<string>({
      clock,
      tickMs: 20,
      onDue(key) {
        told++;
        wheel.set(key, 0);
      },
    });
    wheel.set('again', 20);
    clock.fireAt(100);
    expect(told).toBe(1);
    clock.fireAt(120);
    expect(told).toBe(2);
  });

  it.each([-3_600_000, 3_600_000])('goes by time that has gone by when somebody sets the clock by %i ms', (ms) => {
    const clock = createManualClock();
    const fired: string[] = [];
    const wheel = new TimerWheel<string>({ clock, tickMs: 10, onDue: (key) => fired.push(key) });
    wheel.set('before', 1_000);
    clock.set(clock.now() + ms);
    wheel.set('behind', 1_500);
    clock.advance(900);
    expect(fired).toEqual([]);
    clock.advance(200);
    expect(fired).toEqual(['before']);
    clock.advance(500);
    expect(fired).toEqual(['before', 'behind']);
  });

  it('forgets what was deleted and stops when it is closed', () => {
    const clock = createManualClock();
    const fired: string[] = [];
    const wheel = new TimerWheel<string>({ clock, tickMs: 10, onDue: (key) => fired.push(key) });
    wheel.set('a', 50);
    wheel.set('b', 50);
    wheel.delete('a');
    clock.advance(100);
    wheel.set('c', 50);
    wheel.close();
    clock.advance(1000);
    expect(fired).toEqual(['b']);
  });
});
