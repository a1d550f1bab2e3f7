import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createManualClock, TimerWheel } from '../src/index.ts';

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
          wheel.set(key, clock.now() + due);
          clock.advance(wait);
        }
        clock.advance(30_000);
        expect(expected.size).toBe(0);
        expect(wheel.size).toBe(0);
      }),
    );
  });

  it('forgets what was deleted and stops when it is closed', () => {
    const clock = createManualClock();
    const fired: string[] = [];
    const wheel = new TimerWheel<string>({ clock, tickMs: 10, onDue: (key) => fired.push(key) });
    wheel.set('a', clock.now() + 50);
    wheel.set('b', clock.now() + 50);
    wheel.delete('a');
    clock.advance(100);
    wheel.set('c', clock.now() + 50);
    wheel.close();
    clock.advance(1000);
    expect(fired).toEqual(['b']);
  });
});
