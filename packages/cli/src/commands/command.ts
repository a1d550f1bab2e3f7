/** What every command is made with: it tells its exit code, and throws for errors. */
export type SetExitCode = (code: number) => void;

/** Options that every command has. */
export interface CommonOptions {
  json?: string | true;
}
