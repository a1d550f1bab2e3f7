import { Phrase } from '@sparrow/core';
import type { CommanderError } from 'commander';
import { CliError } from './errors.ts';
import { phrase } from './phrase.ts';
import { CLI_PHRASES_ZH } from './phrases.zh.ts';

/** A line that commander does not understand, as an error of ours. */
export function usageError({ message }: CommanderError): CliError {
  const text = message.replace(/^error: /, '');
  return new CliError('USAGE', new Phrase(text, chineseOf(text)), { hint: phrase`see \`sparrow --help\`` });
}

/** Commander's sentences with their values, by what they look like: it gives its errors no other form. */
const SENTENCES: readonly [RegExp, (...values: string[]) => Phrase][] = [
  [/^unknown command '(.*)'$/, (name) => phrase`unknown command '${name}'`],
  [/^unknown option '(.*)'$/, (name) => phrase`unknown option '${name}'`],
  [/^missing required argument '(.*)'$/, (name) => phrase`missing required argument '${name}'`],
  [/^option '(.*)' argument missing$/, (flags) => phrase`option '${flags}' argument missing`],
  [/^required option '(.*)' not specified$/, (flags) => phrase`required option '${flags}' not specified`],
  [
    /^too many arguments(?: for '.*')?\. Expected (\d+) arguments? but got (\d+)(?::.*)?\.$/,
    (most, given) => phrase`too many arguments: at most ${most}, given ${given}`,
  ],
  [
    /^option '(.*)' argument '(.*)' is invalid\. (.*)$/s,
    (flags, value, reason) => phrase`option '${flags}' argument '${value}' is invalid. ${told(reason)}`,
  ],
  [
    /^command-argument value '(.*)' is invalid for argument '(.*)'\. (.*)$/s,
    (value, name, reason) => phrase`'${value}' is invalid for argument '${name}'. ${told(reason)}`,
  ],
  [/^Allowed choices are (.*)\.$/, (choices) => phrase`Allowed choices are ${choices}.`],
  [/^\(Did you mean (?:one of )?(.*)\?\)$/, (names) => phrase`(Did you mean ${names}?)`],
];

function chineseOf(text: string): string | undefined {
  const lines = text.split('\n').map((line) => told(line).zh);
  return lines.every((line) => line !== undefined) ? lines.join('\n') : undefined;
}

function told(text: string): Phrase {
  for (const [form, say] of SENTENCES) {
    const match = form.exec(text);
    if (match) return new Phrase(text, say(...match.slice(1)).zh);
  }
  // What our own checks of options say.
  return new Phrase(text, CLI_PHRASES_ZH[text]);
}
