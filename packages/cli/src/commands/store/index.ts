import { Command } from 'commander';
import type { SetExitCode } from '../command.ts';
import { addDataCommands } from './data.ts';
import { addLoadCommand } from './load.ts';
import { addOperationCommands } from './operations.ts';
import { addShardCommands } from './shards.ts';

/** `sparrow store …`: schema and records, backup and restore, shards. */
export function storeCommand(setExitCode: SetExitCode): Command {
  const store = new Command('store')
    .description('records: tables, backup and restore, shards')
    .enablePositionalOptions();
  addDataCommands(store, setExitCode);
  addOperationCommands(store, setExitCode);
  addShardCommands(store, setExitCode);
  addLoadCommand(store, setExitCode);
  return store;
}
