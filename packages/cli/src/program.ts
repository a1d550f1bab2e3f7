import { Command, CommanderError, Option } from 'commander';
import { buildCommand } from './commands/build.ts';
import { checkCommand } from './commands/check.ts';
import { createCommand } from './commands/create.ts';
import { devCommand } from './commands/dev.ts';
import { doctorCommand } from './commands/doctor.ts';
import { gameCommand } from './commands/game.ts';
import { resetCommand } from './commands/reset.ts';
import { storeCommand } from './commands/store/index.ts';
import { CliError } from './errors.ts';
import { createIo } from './io.ts';
import { reportError } from './report-error.ts';
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
  const program = new Command('sparrow')
    .description('The whole cloud behind a mini program, on your own machine')
    .version(VERSION)
    .exitOverride()
    .configureOutput({ outputError: () => {} })
    .showSuggestionAfterError();
  for (const make of COMMANDS) {
    const command = make((result) => {
      code = result;
    });
    program.addCommand(
      command
        .option('--json [file]', 'print the result as JSON to standard output, or write it to a file')
        .addOption(
          new Option('--lang <language>', 'language of errors and findings (default: that of the shell)').choices([
            'en',
            'zh',
          ]),
        )
        .exitOverride()
        .configureOutput({ outputError: () => {} }),
    );
  }
  const json = jsonOption(args);
  try {
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    const io = createIo(json);
    if (error instanceof CommanderError) {
      if (error.exitCode === 0 || error.code === 'commander.help') return error.exitCode === 0 ? 0 : 2;
      const wrong = new CliError('USAGE', error.message.replace(/^error: /, ''), { hint: 'see `sparrow --help`' });
      io.json(json, reportError(io, wrong, ''));
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
