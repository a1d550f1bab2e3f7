import { Command } from 'commander';
import { languageOption } from '../../language.ts';
import { DEFAULT_DIR, type StoreCommandOptions, type StoreContext, storeContext } from './context.ts';

/** Adds a command with the options that all of `sparrow store` have; `O` is what `setUp` adds to them. */
export function add<O extends object = Record<string, string | undefined>>(
  parent: Command,
  usage: string,
  description: string,
  setUp: (command: Command) => void,
  run: (context: StoreContext, args: string[], options: O) => Promise<void>,
): void {
  const command = new Command(usage.split(' ')[0])
    .usage(usage.split(' ').slice(1).join(' '))
    .description(description)
    .option('--dir <dir>', 'folder of the store, or of the project it belongs to', DEFAULT_DIR)
    .option('--namespace <name>', 'tables of one app and environment: app/env')
    .option('--json [file]', 'print the result as JSON to standard output, or write it to a file')
    .addOption(languageOption())
    .exitOverride()
    .configureOutput({ outputError: () => {} });
  for (const name of usage.split(' ').slice(1)) command.argument(name);
  setUp(command);
  command.action(async (...given: unknown[]) => {
    const own = given.at(-1) as Command;
    const context = storeContext(own.optsWithGlobals() as StoreCommandOptions);
    try {
      await run(context, own.args, own.opts<O>());
    } finally {
      await context.close();
    }
  });
  parent.addCommand(command);
}
