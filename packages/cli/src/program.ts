import type { CommandSubject } from '@sparrow/protocol';
import { Command, CommanderError } from 'commander';
import { buildCommand } from './commands/build.ts';
import { checkCommand } from './commands/check.ts';
import { createCommand } from './commands/create.ts';
import { devCommand } from './commands/dev.ts';
import { doctorCommand } from './commands/doctor.ts';
import { gameCommand } from './commands/game.ts';
import { resetCommand } from './commands/reset.ts';
import { storeCommand } from './commands/store/index.ts';
import { CliError } from './errors.ts';
import { localizeHelp } from './help.ts';
import { quote } from './invocation.ts';
import { createIo } from './io.ts';
import { languageOption } from './language.ts';
import { reportError } from './report-error.ts';
import { usageError } from './usage-error.ts';
import { VERSION } from './version.ts';

/** The verbs, in the order of the help. A command is a file in commands/ and a line here. */
const COMMANDS = [
  createCommand,
  devCommand,
  checkCommand,
  buildCommand,
  doctorCommand,
  resetCommand,
  storeCommand,
  gameCommand,
];

/**
 * Runs one command line.
 *
 * @param args without `node` and the script's name
 * @returns the exit code: 0 done, 1 failed or found something wrong, 2 wrong use.
 */
export async function runCli(args: string[]): Promise<number> {
  let code = 0;
  const json = jsonOption(args);
  let subject: CommandSubject = {};
  const program = new Command('sparrow')
    .description('The whole cloud behind a mini program, on your own machine')
    .version(VERSION, '-V, --version', 'show the version')
    .exitOverride()
    .configureOutput({ outputError: () => {} })
    .showSuggestionAfterError()
    // An error of the command names commands, too: they are to be about the same project, store or game.
    .hook('preAction', (_program, command) => {
      subject = subjectOf(command);
    });
  for (const make of COMMANDS) {
    const command = make((result) => {
      code = result;
    });
    program.addCommand(
      command
        .option('--json [file]', 'print the result as JSON to standard output, or write it to a file')
        .addOption(languageOption())
        .exitOverride()
        .configureOutput({ outputError: () => {} }),
    );
  }
  localizeHelp(program, createIo(json));
  try {
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    const io = createIo(json, subject);
    if (error instanceof CommanderError) {
      if (error.exitCode === 0 || error.code === 'commander.help') return error.exitCode === 0 ? 0 : 2;
      io.json(json, reportError(io, usageError(error), ''));
      return 2;
    }
    // Somebody's own signal is no fault that a log would help with.
    const interrupted = error instanceof CliError && error.code === 'INTERRUPTED';
    io.json(json, interrupted ? reportError(io, error, '') : reportError(io, error));
    return interrupted ? 130 : 1;
  }
}

/** Whether the line asks for JSON, read by hand because it may be the line itself that is wrong. */
function jsonOption(args: string[]): string | true | undefined {
  const at = args.findIndex((arg) => arg === '--json' || arg.startsWith('--json='));
  if (at < 0) return undefined;
  const [, inline] = (args[at] as string).split('=', 2);
  const next = args[at + 1];
  return inline ?? (next !== undefined && !next.startsWith('-') ? next : true);
}

/** Folder and options that a line names, for commands that its texts name. */
function subjectOf(command: Command): CommandSubject {
  const at = command.registeredArguments.findIndex((argument) => argument.name() === 'dir');
  const { dir: store, config } = command.opts<{ dir?: string; config?: string }>();
  const named = (value: unknown, source: string | undefined): string | undefined =>
    typeof value === 'string' && source !== 'default' ? quote(value) : undefined;
  return {
    dir: at < 0 ? undefined : named(command.processedArgs[at], command.args[at] === undefined ? 'default' : 'cli'),
    store: named(store, command.getOptionValueSource('dir')),
    config: named(config, command.getOptionValueSource('config')),
  };
}
