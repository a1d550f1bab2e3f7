import { createRandom } from '@sparrow/testkit';
import { expect, test } from 'vitest';
import { build, errors } from '../fixture.ts';
import { renderTree, type TreeNode } from '../render.ts';
import { compileOfficially, type OfficialNode } from './official.ts';
import { createSample, SHARED } from './samples.ts';

/** `npm run soak -- compiler` compares them all; `SPARROW_SEED` repeats a run. */
const SAMPLES = process.env.SPARROW_SOAK === '1' ? 10_000 : 500;
const SEED = Number(process.env.SPARROW_SEED ?? Date.now() % 1_000_000);
/** Templates that are compiled at once. */
const BATCH = 500;

const camel = (name: string): string => name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** Both write the same thing in two ways: dataset keys, listeners, names of properties. */
function nameOf(given: string): string {
  const data = /^data[-:](.*)$/.exec(given);
  // Ours has done it already; theirs is left to the component framework.
  if (data) return `data:${given.startsWith('data-') ? camel((data[1] as string).toLowerCase()) : data[1]}`;
  const listener = /^(capture-)?(bind|catch):?(.+)$/.exec(given);
  if (listener) return `${listener[1] ?? ''}${listener[2]}:${listener[3]}`;
  return given.includes(':') ? given : camel(given);
}

/** The official program writes -0 as 0, in lists and objects, too; nobody sees a difference. */
function withoutMinusZero(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutMinusZero);
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withoutMinusZero(inner)]));
  return Object.is(value, -0) ? 0 : value;
}

type Plain = string | { tag: string; attributes: Record<string, unknown>; children: Plain[] };

/** Neighbouring texts are one, and attributes without a value are none. */
function plain(tag: string, attributes: Record<string, unknown>, children: readonly Plain[]): Plain {
  const joined: Plain[] = [];
  for (const child of children) {
    if (typeof child === 'string' && typeof joined.at(-1) === 'string') joined.push(`${joined.pop()}${child}`);
    else joined.push(child);
  }
  return {
    tag,
    attributes: Object.fromEntries(
      Object.entries(attributes)
        .filter(([, value]) => value !== undefined)
        .map(([name, value]) => [nameOf(name), withoutMinusZero(value)])
        .sort(([a], [b]) => ((a as string) < (b as string) ? -1 : 1)),
    ),
    children: joined.filter((child) => child !== ''),
  };
}

const ofOfficial = (node: OfficialNode): Plain =>
  typeof node === 'string' ? node : plain(node.tag.replace(/^wx-/, ''), node.attr ?? {}, node.children.map(ofOfficial));
const ofOurs = (node: TreeNode): Plain =>
  typeof node === 'string' ? node : plain(node.tag, node.attributes, node.children.map(ofOurs));

test(`${SAMPLES} templates give the official tree (SPARROW_SEED=${SEED})`, async () => {
  const random = createRandom(SEED);
  for (let from = 0; from < SAMPLES; from += BATCH) {
    const samples = Array.from({ length: Math.min(BATCH, SAMPLES - from) }, () => createSample(random));
    const files = Object.fromEntries(samples.map(({ wxml }, i) => [`s${i}.wxml`, wxml]));
    const official = compileOfficially({ ...files, ...SHARED });
    const pkg = await build({
      'app.json': JSON.stringify({ pages: samples.map((_, i) => `s${i}`) }),
      'app.js': '',
      ...Object.fromEntries(samples.map((_, i) => [`s${i}.js`, ''])),
      ...files,
      ...SHARED,
    });
    expect(errors(pkg)).toEqual([]);
    for (const [i, { wxml, data }] of samples.entries()) {
      const theirs = ofOfficial(official(`s${i}.wxml`, structuredClone(data)));
      const ours = plain('page', {}, renderTree(pkg, `s${i}`, structuredClone(data)).map(ofOurs));
      expect({ wxml, data, tree: ours }).toEqual({ wxml, data, tree: theirs });
    }
  }
});
