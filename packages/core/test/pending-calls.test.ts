import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createManualClock, PendingCalls } from '../src/index.ts';

describe('pending calls', () => {
  it('end once each: by their answer, or late and never early', () => {
    const call = fc.record({ within: fc.nat(3_000), answeredAfter: fc.nat(6_000), wait: fc.nat(400) });
    fc.assert(
      fc.property(fc.array(call, { maxLength: 60 }), (steps) => {
        const clock = createManualClock();
        const ends: string[] = [];
        const calls = new PendingCalls<{ due: number; name: string }>({
          clock,
          onLate({ due, name }) {
            expect(clock.now()).toBeGreaterThanOrEqual(due);
            expect(clock.now()).toBeLessThanOrEqual(due + 60);
            ends.push(name);
          },
        });
        steps.forEach(({ within, answeredAfter, wait }, index) => {
          const name = String(index);
          const number = calls.add({ due: clock.now() + within, name }, within);
          clock.after(answeredAfter, () => {
            const waiting = calls.take(number);
            if (waiting) ends.push(waiting.name);
          });
          clock.advance(wait);
        });
        clock.advance(20_000);
        expect(ends.toSorted((a, b) => Number(a) - Number(b))).toEqual(steps.map((_, index) => String(index)));
        expect(calls.size).toBe(0);
      }),
    );
  });

  it('are late after the time that they were given, whatever somebody sets the clock to', () => {
    const clock = createManualClock();
    const late: string[] = [];
    const calls = new PendingCalls<string>({ clock, onLate: (waiting) => late.push(waiting) });
    calls.add('an answer within five seconds', 5_000);
    clock.set(clock.now() + 3_600_000);
    clock.advance(4_900);
    expect(late).toEqual([]);
    clock.set(clock.now() - 7_200_000);
    clock.advance(200);
    expect(late).toEqual(['an answer within five seconds']);
  });

  it('never get a number that is still open, also when the numbers begin anew', () => {
    const calls = new PendingCalls<string>({ clock: createManualClock(), onLate: () => {} });
    calls.set(2, 'still open', 1_000);
    const given = [calls.add('a', 1_000), calls.add('b', 1_000), calls.add('c', 1_000)];
    expect(given).toEqual([1, 3, 4]);
    expect(calls.get(2)).toBe('still open');
    calls.close();
  });

  it('are taken by what they wait for, and all of them at the end', () => {
    const clock = createManualClock();
    const late: string[] = [];
    const calls = new PendingCalls<string>({ clock, onLate: (waiting) => late.push(waiting) });
    calls.set(7, 'a', 100);
    calls.set(9, 'b', 100);
    calls.set(11, 'c', 100);
    expect(calls.takeWhere((waiting) => waiting === 'b')).toEqual(['b']);
    expect(calls.get(9)).toBeUndefined();
    expect(calls.close()).toEqual(['a', 'c']);
    clock.advance(1_000);
    expect(late).toEqual([]);
  });
});
