import { expect } from 'vitest';
import type { TestApp } from '../harness.ts';

/** What a call gave: the result, or the failure object. */
export type Outcome = Record<string, unknown> & { errMsg: string };

/** A mini program of one page with this template. */
export const onePage = (wxml = '<view class="name">a</view>', more = ''): Record<string, string | object> => ({
  'app.js': 'App({ log: [] })',
  'app.json': { pages: ['pages/a/a'] },
  'pages/a/a.wxml': wxml,
  'pages/a/a.js': `Page({ ${more} })`,
});

/** A mini program of three pages, the first two with tabs. @param script of each page */
export const threePages = (script = 'Page({})'): Record<string, string | object> => ({
  'app.js': 'App({})',
  'app.json': {
    pages: ['pages/a/a', 'pages/b/b', 'pages/c/c'],
    tabBar: {
      list: [
        { pagePath: 'pages/a/a', text: 'A' },
        { pagePath: 'pages/b/b', text: 'B' },
      ],
    },
  },
  ...Object.fromEntries(
    ['a', 'b', 'c'].flatMap((name) => [
      [`pages/${name}/${name}.wxml`, `<view class="name">${name}</view>`],
      [`pages/${name}/${name}.js`, script],
    ]),
  ),
});

/** Calls `wx[name]` and gives what its promise settles with, either way. */
export const call = (test: TestApp, name: string, options: unknown = {}): Promise<Outcome> =>
  test.service(
    ({ wx }, which: string, given: unknown) =>
      wx[which](given).then(
        (result: Outcome) => result,
        (error: Outcome) => error,
      ),
    name,
    options,
  );

/** The same in callback style: which callbacks ran, and with which errMsg. */
export const callBack = (test: TestApp, name: string, options: object = {}): Promise<string[]> =>
  test.service(
    ({ wx }, which: string, given: object) =>
      new Promise<string[]>((resolve) => {
        const seen: string[] = [];
        const note = (kind: string) => (result: Outcome) => {
          seen.push(`${kind} ${result.errMsg}`);
          if (kind === 'complete') resolve(seen);
        };
        wx[which]({ ...given, success: note('success'), fail: note('fail'), complete: note('complete') });
      }),
    name,
    options,
  );

/** The errMsg of a call. */
export const message = async (test: TestApp, name: string, options: unknown = {}): Promise<string> =>
  (await call(test, name, options)).errMsg;

/** What a synchronous call gives, or the text of what it throws. */
export const sync = (test: TestApp, name: string, ...args: unknown[]): Promise<unknown> =>
  test.service(
    ({ wx }, which: string, given: unknown[]) => {
      try {
        return wx[which](...given);
      } catch (error) {
        return `throws ${(error as Error).message}`;
      }
    },
    name,
    args,
  );

/** The text WeChat gives for a missing parameter. */
export const missing = (name: string, parameter: string, kind = 'String'): string =>
  `${name}:fail parameter error: parameter.${parameter} should be ${kind} instead of Undefined;`;

/** Waits until this is so; patient, since a busy machine is no failure. */
export const eventually = <T>(read: () => T): ReturnType<typeof expect.poll<T>> =>
  expect.poll(read, { timeout: 10_000 });
