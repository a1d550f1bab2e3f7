import { describe, expect, it } from 'vitest';
import { type ErrorWords, phrases, SparrowError } from '../src/index.ts';

const phrase = phrases({
  'port {0} is in use{1}': '端口 {0} 已被占用{1}',
  ' by pid {0}': '（进程 {0}）',
  '{0} of {1}': '{1} 的 {0}',
});

describe('a phrase', () => {
  it('is told in both languages, the phrases in it included', () => {
    const told = phrase`port ${7700} is in use${phrase` by pid ${12}`}`;
    expect([told.in('en'), told.in('zh')]).toEqual(['port 7700 is in use by pid 12', '端口 7700 已被占用（进程 12）']);
    expect(phrase`port ${7700} is in use${undefined}`.in('zh')).toBe('端口 7700 已被占用');
    // Languages put things in another order.
    expect(phrase`${'end'} of ${'day'}`.in('zh')).toBe('day 的 end');
  });

  it('is English where the table does not have it, and wherever a text is asked for', () => {
    expect(phrase`unknown`.in('zh')).toBe('unknown');
    const told = phrase`port ${1} is in use${''}`;
    expect([`${told}`, JSON.stringify({ told })]).toEqual(['port 1 is in use', '{"told":"port 1 is in use"}']);
  });

  it('takes nothing in a value for a place of its own', () => {
    expect(phrase`${'{1}'} of ${'b'}`.in('zh')).toBe('b 的 {1}');
    expect(phrase`${'{1}'} of ${'b'}`.in('en')).toBe('{1} of b');
    expect(phrase`constructor`.zh).toBeUndefined();
  });
});

class TestError extends SparrowError<'PORT_TAKEN'> {
  readonly chinese: ErrorWords = { meaning: '端口已被占用', fix: '停止占用端口的程序' };
}

describe('an error', () => {
  it('tells its very case in Chinese where it was told as a phrase, else the words of its code with the case', () => {
    const known = new TestError('PORT_TAKEN', phrase`port ${7700} is in use${''}`, { hint: 'stop it' });
    expect([known.message, known.told.in('zh'), known.advice.in('zh')]).toEqual([
      'port 7700 is in use',
      '端口 7700 已被占用',
      '停止占用端口的程序',
    ]);
    const plain = new TestError('PORT_TAKEN', 'port 7700 is in use', { hint: 'stop it' });
    expect([plain.told.in('en'), plain.told.in('zh'), plain.hint]).toEqual([
      'port 7700 is in use',
      '端口已被占用（port 7700 is in use）',
      'stop it',
    ]);
  });
});
