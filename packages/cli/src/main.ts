import { runCli } from './program.ts';

// Whatever still ticks when a command is done must not hold it back.
process.exit(await runCli(process.argv.slice(2)));
