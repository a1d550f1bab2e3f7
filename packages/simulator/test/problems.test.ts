import type { ProgramProblem } from '@sparrow/protocol';
import { expect, it } from 'vitest';
import { createProblemTeller } from '../src/server/problems.ts';

const place = { file: 'pages/a/a.js', line: 3, column: 5, frame: '' };
const broken = { code: 'UNCAUGHT', message: 'Error: x', user: 'one', page: 'pages/a/a' };

it('tells a problem once, whichever phones meet it, and anew after a change', () => {
  const told: ProgramProblem[] = [];
  const teller = createProblemTeller((problem) => told.push(problem));
  for (const user of ['one', 'two', 'one']) teller.meet({ ...broken, user }, place);
  expect(told).toEqual([{ ...broken, place }]);
  teller.meet(broken, { ...place, line: 4 });
  expect(told).toHaveLength(2);
  teller.reset();
  teller.meet(broken, place);
  expect(told).toHaveLength(3);
});

it('tells only what breaks something, without control sequences, and not without end', () => {
  const told: ProgramProblem[] = [];
  const teller = createProblemTeller((problem) => told.push(problem));
  for (const given of [{ ...broken, code: 'API_NOT_SUPPORTED' }, { ...broken, code: '__proto__' }, null, 'text', []])
    teller.meet(given, undefined);
  expect(told).toEqual([]);
  teller.meet({ ...broken, message: '\u001b[2Jgone\r\u0007 and\nback', user: 7 }, undefined);
  expect(told[0]).toMatchObject({ message: '[2Jgone and\nback', user: '7' });
  for (let number = 0; number < 1_000; number++) teller.meet({ ...broken, message: `${number}` }, undefined);
  expect(told.length).toBeLessThan(300);
});
