import type { Diagnostic } from '@sparrow/protocol';
import { createRandom, type Random } from '@sparrow/testkit';
import { expect, test } from 'vitest';
import type { SourceFile } from '../../src/project/source-tree.ts';
import { compileTemplate } from '../../src/wxml/template.ts';
import { compileWxs } from '../../src/wxml/templates.ts';
import { compileSheet } from '../../src/wxss/sheet.ts';
import { createSample } from '../official/samples.ts';
import { spoilSheet, spoilTemplate, spoilWxs, writeSheet, writeWxs } from './writers.ts';

/** `npm run soak -- compiler` makes them all; `SPARROW_SEED` repeats a run. */
const FILES = process.env.SPARROW_SOAK === '1' ? 10_000 : 500;
const SEED = Number(process.env.SPARROW_SEED ?? Date.now() % 1_000_000);

interface Kind {
  suffix: string;
  write(random: Random): string;
  spoil(random: Random, text: string): string;
  compile(file: SourceFile): Diagnostic[];
}

const AT = { scope: 'c0', host: 'c0' };
const KINDS: Kind[] = [
  {
    suffix: '.wxml',
    write: (random) => createSample(random).wxml,
    spoil: spoilTemplate,
    compile: (file) => compileTemplate(file).diagnostics,
  },
  {
    suffix: '.wxss',
    write: writeSheet,
    spoil: spoilSheet,
    compile: (file) => compileSheet({ file, relocate: (found) => found }, AT).diagnostics,
  },
  { suffix: '.wxs', write: writeWxs, spoil: spoilWxs, compile: (file) => compileWxs(file).diagnostics },
];

test.each(KINDS)(`${FILES} files $suffix that are right compile without an error (SPARROW_SEED=${SEED})`, (kind) => {
  const random = createRandom(SEED);
  for (let i = 0; i < FILES; i++) {
    const text = kind.write(random);
    const found = kind.compile(fileOf(kind, text)).filter(({ severity }) => severity === 'error');
    expect({ text, found }).toEqual({ text, found: [] });
  }
});

test.each(KINDS)(`${FILES} spoilt files $suffix are found fault with at a place (SPARROW_SEED=${SEED})`, (kind) => {
  const random = createRandom(SEED);
  for (let i = 0; i < FILES; i++) {
    const text = kind.spoil(random, kind.write(random));
    const found = kind.compile(fileOf(kind, text));
    const placed = found.filter(({ line, column, frame }) => line > 0 && column > 0 && frame !== '');
    expect({ text, told: placed.length > 0, unplaced: found.length - placed.length }).toEqual({
      text,
      told: true,
      unplaced: 0,
    });
  }
});

const fileOf = ({ suffix }: Kind, text: string): SourceFile => ({
  path: `pages/a${suffix}`,
  display: `pages/a${suffix}`,
  text,
  hash: '0',
});
