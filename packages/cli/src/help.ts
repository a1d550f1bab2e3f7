import { type Argument, type Command, Help, type Option } from 'commander';
import type { Io } from './io.ts';
import { phrase } from './phrase.ts';
import { CLI_PHRASES_ZH } from './phrases.zh.ts';
import { width } from './text.ts';

/** Makes the help of a program speak the language of the person: of every command, those below included. */
export function localizeHelp(program: Command, io: Io): void {
  const tell = (text: string): string => (io.language === 'zh' ? (CLI_PHRASES_ZH[text] ?? text) : text);
  const base = new Help();
  const notes = (entry: Option | Argument): string => {
    const given: string[] = [];
    const { argChoices, defaultValue } = entry;
    const choices = argChoices?.join(', ');
    if (choices) given.push(io.tell(phrase`choices: ${choices}`));
    const isPlain = typeof defaultValue === 'string' || typeof defaultValue === 'number';
    if (isPlain && defaultValue !== '') given.push(io.tell(phrase`default: ${defaultValue}`));
    return given.length === 0 ? '' : io.tell(phrase` (${given.join(', ')})`);
  };
  (function visit(command: Command): void {
    command.helpOption('-h, --help', io.tell(phrase`show this help`)).configureHelp({
      commandDescription: (entry) => tell(base.commandDescription(entry)),
      subcommandDescription: (entry) => tell(base.subcommandDescription(entry)),
      argumentDescription: (entry) => tell(entry.description) + notes(entry),
      optionDescription: (entry) => tell(entry.description) + notes(entry),
      styleTitle: (title) => io.tell(titleOf(title)),
      displayWidth: width,
    });
    if (command.commands.length > 0) command.helpCommand('help [command]', io.tell(phrase`show the help of a command`));
    for (const inner of command.commands) visit(inner);
  })(program);
}

/** The titles that commander gives its lists. */
function titleOf(title: string): ReturnType<typeof phrase> | string {
  switch (title) {
    case 'Usage:':
      return phrase`Usage:`;
    case 'Arguments:':
      return phrase`Arguments:`;
    case 'Options:':
      return phrase`Options:`;
    case 'Commands:':
      return phrase`Commands:`;
    default:
      return title;
  }
}
