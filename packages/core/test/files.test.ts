import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { joinInside, leadsInside, realInside } from '../src/files.ts';

describe('joinInside', () => {
  it('joins what stays, and refuses what leaves', () => {
    expect(joinInside('/a/b', 'c', 'd')).toBe('/a/b/c/d');
    expect(joinInside('/a/b', 'c/../d')).toBe('/a/b/d');
    expect(joinInside('/a/b', '')).toBe('/a/b');
    expect(joinInside('/a/b', '..c')).toBe('/a/b/..c');
    for (const part of [
      '..',
      '../b2',
      '../b',
      'c/../../d',
      '/etc',
      '/a/b/c',
      '\0',
      'c\0',
      '..\\x',
      'c\\..\\..\\..',
      '../../a/bc',
    ])
      expect([part, joinInside('/a/b', part)]).toEqual([part, part === '../b' ? '/a/b' : undefined]);
    expect(joinInside('/a/b', 'c', '..', '..', 'b')).toBeUndefined();
  });

  it('never answers a path outside', () => {
    const part = fc
      .array(fc.constantFrom('..', '.', '/', '\\', 'a', 'b', '%2e', '\0', ' '))
      .map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(fc.array(part, { maxLength: 5 }), (parts) => {
        const path = joinInside('/root/x', ...parts);
        return path === undefined || path === '/root/x' || path.startsWith('/root/x/');
      }),
    );
  });
});

describe('links', () => {
  let home = '';
  beforeAll(() => {
    home = realpathSync(mkdtempSync(join(tmpdir(), 'sparrow-files-')));
    mkdirSync(join(home, 'root/in'), { recursive: true });
    writeFileSync(join(home, 'out.txt'), '');
    writeFileSync(join(home, 'root/in/a.txt'), '');
    symlinkSync(join(home, 'out.txt'), join(home, 'root/file'));
    symlinkSync(home, join(home, 'root/folder'));
    symlinkSync('in', join(home, 'root/near'));
    symlinkSync(join(home, 'nothing/yet'), join(home, 'root/dangling'));
    symlinkSync(join(home, 'root'), join(home, 'door'));
  });
  afterAll(() => rmSync(home, { recursive: true, force: true }));

  it('are followed before a path counts as inside', () => {
    const root = join(home, 'root');
    const at = (path: string): [boolean, boolean] => [
      realInside([root], join(root, path)) !== undefined,
      leadsInside(root, join(root, path)),
    ];
    expect(at('in/a.txt')).toEqual([true, true]);
    expect(at('near/a.txt')).toEqual([true, true]);
    expect(at('near/new/b.txt')).toEqual([false, true]);
    for (const path of ['file', 'folder', 'folder/out.txt', 'folder/new', 'dangling', 'dangling/x'])
      expect([path, ...at(path)]).toEqual([path, false, false]);
    // The root may be reached by a link itself.
    expect(leadsInside(join(home, 'door'), join(home, 'door/in/a.txt'))).toBe(true);
  });
});
