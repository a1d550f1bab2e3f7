import { join } from 'node:path';
import type { Phrase } from '@sparrow/core';
import { holdFile } from '@sparrow/core/hold-file';
import { StoreError } from '../../errors.ts';
import { phrase } from '../../phrase.ts';

/** Stays in the folder; who holds it is the kernel's affair. */
export const LOCK_FILE = 'lock';

/**
 * Keeps a store's folder for this process; a holder that is gone, however it ended, holds nothing.
 *
 * @throws StoreError STORE_IN_USE
 */
export function holdFolder(dir: string, hint: Phrase): () => void {
  const held = holdFile(join(dir, LOCK_FILE));
  if (held) return held.release;
  throw new StoreError('STORE_IN_USE', phrase`another process has ${dir} open for writing`, { hint });
}
