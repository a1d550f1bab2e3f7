import { randomBytes } from 'node:crypto';
import { StoreError } from '../errors.ts';
import { phrase } from '../phrase.ts';
import type { ShardClient } from './shard-client.ts';

const REACH_MS = 20_000;
const NO_PRIVILEGE = '42501';

/**
 * Looks whether one shard can replicate from another at its address: servers read addresses by the rules of libpq,
 * which are narrower than ours, from their own place in the network and with their own rights. What is made for it is
 * rolled back.
 *
 * @throws StoreError CONFIG_INVALID
 */
export async function checkReach(
  from: { id: string; client: ShardClient },
  to: { id: string; url: string },
  options: { allowMissingRights?: boolean } = {},
): Promise<void> {
  const name = `sparrow_reach_${randomBytes(6).toString('hex')}`;
  const refused = await from.client.session(async (query) => {
    await query('begin');
    try {
      await query(
        `create subscription ${name} connection '${to.url.replaceAll("'", "''")}' publication ${name}
         with (connect = true, create_slot = false, slot_name = none, enabled = false, copy_data = false)`,
      );
      return undefined;
    } catch (error) {
      return error as Error & { code?: string };
    } finally {
      await query('rollback');
    }
  }, REACH_MS);
  if (!refused || (options.allowMissingRights && refused.code === NO_PRIVILEGE)) return;
  throw new StoreError('CONFIG_INVALID', phrase`shard ${from.id} cannot replicate from ${to.id}: ${refused.message}`, {
    hint: phrase`slots move from server to server: give an address that the other servers can use, and a user that may replicate`,
    cause: refused,
  });
}
