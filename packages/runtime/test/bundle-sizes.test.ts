import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { CONTRACTS } from '../src/wx/contracts.ts';

const assets = join(import.meta.dirname, '../../simulator/dist/assets');
/** Bytes, as a server that compresses would send them. */
const sizeOf = (name: string): number => gzipSync(readFileSync(join(assets, name)), { level: 9 }).byteLength;

// Every start of a mini program pays for these: what a program may never use belongs to the host halves.
it.each([
  ['service.js', 100_000],
  ['view.js', 80_000],
  ['phone.js', 40_000],
])('%s has at most %i bytes when it is compressed', (name, limit) => {
  expect(sizeOf(name)).toBeLessThanOrEqual(limit);
});

it('host halves that not every start needs are parts of their own, loaded later', () => {
  const atOnce = ['developer', 'files', 'route', 'storage'];
  const later = Object.entries(CONTRACTS)
    .filter(([domain, { calls }]) => Object.keys(calls).length > 0 && !atOnce.includes(domain))
    .map(([domain]) => `phone-${domain}.js`);
  const parts = readdirSync(assets).filter((name) => name.startsWith('phone-'));
  expect(parts).toEqual(expect.arrayContaining(later));
  const entry = readFileSync(join(assets, 'phone.js'), 'utf8');
  // Only by `import()`: what is named after `from` is loaded with the entry.
  for (const part of parts) expect(entry).not.toMatch(new RegExp(`(from|import)\\s*["']\\./${part}`));
});
