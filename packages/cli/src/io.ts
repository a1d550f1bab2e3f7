import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { styleText } from 'node:util';
import type { Language, Phrase } from '@sparrow/core';
import type { CommandSubject } from '@sparrow/protocol';
import { createInvocation } from './invocation.ts';
import { readLanguage } from './language.ts';
import { REPOSITORY } from './repository.ts';

type Style = Parameters<typeof styleText>[0];

/** Where a command reads and writes. With `--json` all text for people goes to standard error. */
export interface Io {
  /** A line for people; a command that it names as `sparrow dev` is written as it has to be typed here. */
  say(text?: string | Phrase): void;
  /** A line of somebody else, as it is. */
  pass(text: string | Phrase): void;
  /** A line about trouble, always on standard error. */
  warn(text: string | Phrase): void;
  /** Colours a text when who reads it can see colours. */
  paint(style: Style, text: string | Phrase): string;
  /** A text in the language of the person. */
  tell(text: string | Phrase): string;
  /** Somebody can be asked. */
  readonly interactive: boolean;
  /** Width of the terminal, 80 when there is none. */
  readonly columns: number;
  /** Folder that paths of arguments are relative to. */
  readonly cwd: string;
  /** Of all texts for people. */
  readonly language: Language;
  /** How `sparrow` is called where the person is. */
  readonly command: string;
  /**
   * Writes the machine's answer where `--json` said: to a file, or to standard output, which then holds nothing else.
   */
  json(target: string | true | undefined, value: unknown): void;
}

/**
 * @param json value of the option: `--json` is true, `--json FILE` a path
 * @param subject what commands in texts are about: hints get its folder and options
 */
export function createIo(json: string | true | undefined, subject: CommandSubject = {}): Io {
  const people = json === true ? process.stderr : process.stdout;
  const colours = people.isTTY === true && process.env.NO_COLOR === undefined;
  // `npm run sparrow` changes into the repository; people mean the folder they typed in.
  const byNpm = ['sparrow', 'start'].includes(process.env.npm_lifecycle_event ?? '');
  const cwd = byNpm && process.env.INIT_CWD ? process.env.INIT_CWD : process.cwd();
  const path = process.env.PATH ?? '';
  const { prefix, spell } = createInvocation({ cwd, repository: REPOSITORY, path, subject });
  const language = readLanguage(process.argv.slice(2), process.env);
  const tell = (text: string | Phrase): string => (typeof text === 'string' ? text : text.in(language));
  return {
    say: (text = '') => void people.write(`${spell(tell(text))}\n`),
    pass: (text) => void people.write(`${tell(text)}\n`),
    warn: (text) => void process.stderr.write(`${spell(tell(text))}\n`),
    paint: (style, text) => (colours ? styleText(style, tell(text), { validateStream: false }) : tell(text)),
    tell,
    interactive: process.stdin.isTTY === true && people.isTTY === true,
    columns: people.columns ?? 80,
    cwd,
    language,
    command: prefix,
    json(target, value) {
      if (target === undefined) return;
      const text = `${JSON.stringify(value, null, 2)}\n`;
      if (target === true) process.stdout.write(text);
      else {
        const file = resolve(cwd, target);
        mkdirSync(dirname(file), { recursive: true });
        writeFileSync(file, text);
      }
    },
  };
}
