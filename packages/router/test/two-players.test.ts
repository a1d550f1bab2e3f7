import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';

const EXAMPLES = join(import.meta.dirname, '../../../examples');

it('the example of two players runs as its README says, with the packages that it lists alone', () => {
  // Beside the original, so that its relative paths hold.
  const folder = mkdtempSync(join(EXAMPLES, '.two-players-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  cpSync(join(EXAMPLES, 'two-players'), folder, {
    recursive: true,
    filter: (path) => !path.includes('node_modules'),
  });
  const run = (...args: string[]): string => execFileSync('npm', args, { cwd: folder, encoding: 'utf8' });
  run('ci', '--offline');
  const said = run('-s', 'start');
  expect(said).toContain('before: east holds 1, west holds 1');
  // Drained while twenty invitations were under way: Bob moved, and no invitation was lost or counted twice.
  expect(said).toContain('drained west: {"moved":1,"left":0}');
  expect(said).toContain('after: east holds 2, west holds 0');
  expect(said).toMatch(/invites bob again: .*"invitations":22/);
});
