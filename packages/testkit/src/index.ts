/** Starts the real programs that tests need, and stops them. */
export { freePort } from './ports.ts';
export { type Postgres, type PostgresOptions, postgresBin, startPostgres } from './postgres.ts';
export { writeTree } from './tree.ts';
