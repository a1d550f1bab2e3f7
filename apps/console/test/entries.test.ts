import type { PhoneMessage } from '@sparrow/protocol';
import { describe, expect, it } from 'vitest';
import { createIntake, groupStacks, type PanelLog, pretty } from '../src/entries.ts';

const line = (text: string, more: Partial<PanelLog> = {}): PanelLog => ({
  id: 1,
  time: 1,
  source: 'backend',
  level: 'error',
  text,
  phone: '',
  ...more,
});

describe('lines of the log', () => {
  it('stand with their stack under the line that they belong to', () => {
    const groups = groupStacks([
      line('before'),
      line('Error: no database'),
      line('    at open (server/index.ts:3:5)'),
      line('    at node:internal/main'),
      line('    ... 4 lines matching cause stack trace ...'),
      line('after'),
    ]);
    expect(groups.map(({ text }) => text)).toEqual(['before', 'Error: no database', 'after']);
    expect(groups[1]?.stack?.split('\n')).toHaveLength(3);
  });

  it('do not take the stack of another source or phone, and do not change what came in', () => {
    const lines = [
      line('mine'),
      line('    at theirs (a.js:1:1)', { phone: '小麻雀', source: 'service' }),
      line('    at ours (b.js:1:1)'),
    ];
    expect(groupStacks(lines)).toHaveLength(3);
    expect(lines[0]).not.toHaveProperty('stack');
    expect(groupStacks([line('    at the beginning (c.js:1:1)')])).toHaveLength(1);
  });
});

describe('a body', () => {
  it('is laid out when it is JSON, and stays as it is otherwise', () => {
    expect(pretty('{"a":[1]}')).toBe('{\n  "a": [\n    1\n  ]\n}');
    expect(pretty('message:{"a":1}')).toBe('message:{\n  "a": 1\n}');
    for (const text of ['{"a":', 'message:{', 'timeout:15', 'plain', '12345678901234567890', ''])
      expect(pretty(text)).toBe(text);
  });
});

describe('messages on their way into the panel', () => {
  const log = (text: string): PhoneMessage => ({ sparrowPhone: 'a', log: { time: 1, level: 'log', text, pageId: 0 } });

  it('come some at a time and in order, and of a flood the newest', () => {
    const intake = createIntake();
    for (let i = 0; i < 50_000; i++) intake.add(log(String(i)));
    expect(intake.size).toBeLessThanOrEqual(3_000);
    const seen: number[] = [];
    while (intake.size > 0) {
      const some = intake.take();
      expect(some.length).toBeLessThanOrEqual(100);
      seen.push(...some.map((message) => Number(message.log?.text)));
    }
    expect(seen.at(-1)).toBe(49_999);
    expect(seen).toEqual([...seen].sort((one, other) => one - other));
  });

  it('keep what says how a phone is, however many lines come', () => {
    const intake = createIntake();
    intake.add({ sparrowPhone: 'a', started: true });
    for (let i = 0; i < 50_000; i++) intake.add(log(String(i)));
    expect(intake.take()[0]).toEqual({ sparrowPhone: 'a', started: true });
  });
});
