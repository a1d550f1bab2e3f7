import type { Timeline } from './timelines.ts';

/** What one commit, or several that were made together, changed. */
export interface Change {
  sequence: number;
  entries: readonly { key: Buffer; value: Buffer | undefined }[];
}

/** Keeps changes for good. Segments of the log stay until it has them, so it misses none when the process dies. */
export interface ChangeArchive {
  /** Says on which timeline the changes behind this call are; the last of the chain is the present one. */
  begin(chain: readonly Timeline[]): Promise<void>;
  /** The last change of the present timeline that it has. */
  readonly last: number;
  /** In order; what it has already it ignores. */
  append(change: Change): void;
  /** Resolves when everything appended is durable there. */
  sync(): Promise<void>;
  close(): Promise<void>;
}
