import { spawnSync } from 'node:child_process';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeTree } from '@sparrow/testkit';
import { afterEach, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../../..');
let dir: string | undefined;
afterEach(async () => {
  if (dir) await rm(dir, { recursive: true, force: true });
});

/** The rules that a house of these files breaks, `rule: from -> to`. */
async function brokenBy(files: Record<string, string>): Promise<string[]> {
  dir = await mkdtemp(join(tmpdir(), 'sparrow-arrows-'));
  await cp(join(root, '.dependency-cruiser.cjs'), join(dir, '.dependency-cruiser.cjs'));
  const everything = { compilerOptions: { module: 'NodeNext' }, include: ['packages'] };
  await writeTree(dir, { ...files, 'tsconfig.node.json': everything });
  const cruise = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const options = ['packages', '--config', '.dependency-cruiser.cjs', '--output-type', 'json'];
  const { stdout, stderr } = spawnSync(process.execPath, [cruise, ...options], { cwd: dir, encoding: 'utf8' });
  if (!stdout) throw new Error(stderr);
  const { summary } = JSON.parse(stdout) as {
    summary: { violations: { rule: { name: string }; from: string; to: string }[] };
  };
  const short = (path: string): string => path.replace('packages/runtime/src/', '');
  return summary.violations.map(({ rule, from, to }) => `${rule.name}: ${short(from)} -> ${short(to)}`);
}

const src = 'packages/runtime/src';
const sound = {
  [`${src}/wx/schema.ts`]: 'export const text = 1;',
  [`${src}/wx/a/contract.ts`]: "export { text } from '../schema.ts';",
  [`${src}/wx/a/service.ts`]: "export { text } from './contract.ts';\nimport '../../service/api.ts';",
  [`${src}/wx/a/host.ts`]: "export type { text } from './contract.ts';\nimport '../../native/phone.ts';",
  [`${src}/service/api.ts`]: 'export const api = 1;',
  [`${src}/native/phone.ts`]: 'export const phone = 1;',
};

describe('the arrows of a domain', () => {
  it('let both halves meet in the contract', async () => {
    expect(await brokenBy(sound)).toEqual([]);
  });

  it('refuse that one half imports the other, that what both use imports a half, and circles, be it for a type', async () => {
    const wrong: [file: string, target: string, broken: string][] = [
      ['wx/b/service.ts', './host.ts', 'service-half-without-host-half: wx/b/service.ts -> wx/b/host.ts'],
      [
        'wx/c/service-more.ts',
        '../../native/phone.ts',
        'service-half-without-host-half: wx/c/service-more.ts -> native/phone.ts',
      ],
      ['wx/d/service.ts', '../a/host.ts', 'service-half-without-host-half: wx/d/service.ts -> wx/a/host.ts'],
      ['wx/e/host.ts', '../a/service.ts', 'host-half-without-service-half: wx/e/host.ts -> wx/a/service.ts'],
      [
        'wx/f/host-more.ts',
        '../../service/api.ts',
        'host-half-without-service-half: wx/f/host-more.ts -> service/api.ts',
      ],
      ['wx/g/contract.ts', '../a/host.ts', 'shared-by-both-halves: wx/g/contract.ts -> wx/a/host.ts'],
      ['wx/h/bytes.ts', '../../service/api.ts', 'shared-by-both-halves: wx/h/bytes.ts -> service/api.ts'],
      ['wx/list.ts', './a/service.ts', 'shared-by-both-halves: wx/list.ts -> wx/a/service.ts'],
      ['bridge/one.ts', './two.ts', 'no-cycles: bridge/one.ts -> bridge/two.ts'],
    ];
    const mutants = [...wrong, ['bridge/two.ts', './one.ts']].map(([file, target]) => [
      `${src}/${file}`,
      `export type * from '${target}';`,
    ]);
    const host = { [`${src}/wx/b/host.ts`]: 'export const host = 1;' };
    const broken = await brokenBy({ ...sound, ...host, ...Object.fromEntries(mutants) });
    expect(broken.toSorted()).toEqual(wrong.map(([, , text]) => text).toSorted());
  });
});
