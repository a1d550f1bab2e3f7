import { chmodSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { Kysely } from 'kysely';
import { CloudError } from '../errors.ts';
import { phrase } from '../phrase.ts';
import { MIGRATIONS } from './migrations.ts';
import type { ControlSchema } from './schema.ts';
import { createSqliteDialect } from './sqlite-dialect.ts';

export type ControlDatabase = Kysely<ControlSchema>;

/**
 * Opens (and makes, and migrates) `control.db`. WAL with synchronous=NORMAL: a kill -9 of the process loses nothing that was
 * committed; a power cut may lose the last logins, never the file.
 *
 * @throws CloudError STATE_TOO_NEW when a newer Sparrow wrote it.
 */
export function openDatabase(path: string, migrations: readonly string[] = MIGRATIONS): ControlDatabase {
  const database = new DatabaseSync(path, { timeout: 5_000 });
  if (path !== ':memory:') chmodSync(path, 0o600);
  database.exec('pragma journal_mode = wal; pragma synchronous = normal; pragma foreign_keys = on');
  const { user_version: version } = database.prepare('pragma user_version').get() as { user_version: number };
  if (version > migrations.length) {
    database.close();
    throw new CloudError(
      'STATE_TOO_NEW',
      phrase`${path} has format ${version}, this Sparrow knows up to ${migrations.length}`,
      {
        hint: phrase`update Sparrow, or run \`sparrow reset\` to begin with an empty state`,
      },
    );
  }
  for (let step = version; step < migrations.length; step++) {
    database.exec(`begin immediate; ${migrations[step]}; pragma user_version = ${step + 1}; commit`);
  }
  return new Kysely<ControlSchema>({ dialect: createSqliteDialect(database) });
}
