import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { styleText } from 'node:util';
import { createInvocation } from './invocation.ts';
import { type Language, readLanguage } from './language.ts';
import { REPOSITORY } from './repository.ts';

type Style = Parameters<typeof styleText>[0];

/** Where a command reads and writes. With `--json` all text for people goes to standard error. */
export interface Io {
  /** A line for people; a command that it names as `sparrow dev` is written as it has to be typed here. */
  say(text?: string): void;
  /** A line of somebody else, as it is. */
  pass(text: string): void;
  /** A line about trouble, always on standard error. */
  warn(text: string): void;
  /** Colours a text when who reads it can see colours. */
  paint(style: Style, text: string): string;
  /** Somebody can be asked. */
  readonly interactive: boolean;
  /** Width of the terminal, 80 when there is none. */
  readonly columns: number;
  /** Folder that paths of arguments are relative to. */
  readonly cwd: string;
  /** In which errors and findings are told. */
  readonly language: Language;
  /** How `sparrow` is called where the person is. */
  readonly command: string;
  /**
   * Writes the machine's answer where `--json` said: to a file, or to standard output, which then holds nothing else.
   */
  json(target: string | true | undefined, value: unknown): void;
}

/** `json` is the value of the option: `--json` is true, `--json FILE` a path. */
export function createIo(json: string | true | undefined): Io {
  const people = json === true ? process.stderr : process.stdout;
  const colours = people.isTTY === true && process.env.NO_COLOR === undefined;
  // `npm run sparrow` changes into the repository; people mean the folder they typed in.
  const byNpm = ['sparrow', 'start'].includes(process.env.npm_lifecycle_event ?? '');
  const cwd = byNpm && process.env.INIT_CWD ? process.env.INIT_CWD : process.cwd();
  const { prefix, spell } = createInvocation({ cwd, repository: REPOSITORY, path: process.env.PATH ?? '' });
  return {
    say: (text = '') => void people.write(`${spell(text)}\n`),
    pass: (text) => void people.write(`${text}\n`),
    warn: (text) => void process.stderr.write(`${spell(text)}\n`),
    paint: (style, text) => (colours ? styleText(style, text, { validateStream: false }) : text),
    interactive: process.stdin.isTTY === true && people.isTTY === true,
    columns: people.columns ?? 80,
    cwd,
    language: readLanguage(process.argv.slice(2), process.env),
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
