import { StoreError } from '../../errors.ts';
import { phrase } from '../../phrase.ts';
import type { Retry, ShardRouter } from '../../shards/shard-router.ts';
import type { IndexPage, KvEngine, RowPage } from '../kv-engine.ts';
import type { Everywhere } from './everywhere.ts';
import { notOwned, type RowData, toRow } from './rows.ts';

const SCAN = `select s.slot, o.state as st, r.k, r.v, r.ver, r.rev, r.exp, r.mod
from unnest($1::int[]) s(slot) left join sparrow.owners o on o.slot = s.slot
left join lateral (
  select * from sparrow.records r where r.slot = s.slot and r.k >= $2 and r.k < $3 and r.v is not null
  and (s.slot <> $4 or r.k > $5) order by r.k limit $6
) r on true order by s.slot, r.k limit $6 + $7`;
const SCAN_INDEX = `select e.k, e.slot, e.r from sparrow.entries e join sparrow.owners o on o.slot = e.slot and o.state = 'o'
where e.k >= $1 and e.k < $2 and (e.k, e.slot) > ($3, $4) order by e.k, e.slot limit $5`;
/** Slots a scan asks about at once. */
const SLOTS_AT_ONCE = 64;

/** Ranges of rows and of index entries. */
export function createScans(
  router: ShardRouter,
  everywhere: Everywhere,
): Pick<KvEngine, 'scan' | 'scanIndex' | 'count'> {
  return {
    async scan(range) {
      const page: RowPage = { rows: [] };
      const [slotText = '', keyText = ''] = range.after?.split('.') ?? [];
      let slot = range.after === undefined ? (range.slot ?? 0) : Number(slotText);
      const afterKey = Buffer.from(keyText, 'base64url');
      if (!(Number.isInteger(slot) && slot >= 0 && slot < router.slots))
        throw new StoreError('CURSOR_INVALID', phrase`this is no cursor of a sharded store`, {
          hint: phrase`begin without one`,
        });
      const cursorSlot = range.after === undefined ? -1 : slot;
      const last = range.slot ?? router.slots - 1;
      while (slot <= last) {
        const owners = await router.owners();
        const slots = [slot];
        while (
          slots.length < SLOTS_AT_ONCE &&
          slot + slots.length <= last &&
          owners[slot + slots.length] === owners[slot]
        )
          slots.push(slot + slots.length);
        const wanted = range.limit - page.rows.length + 1;
        const found = await router.run(slot, range.deadline, async (client, until) => {
          const rows = await client.query<RowData & { slot: number; st: string; k: Buffer | null }>(
            {
              name: 'scan',
              text: SCAN,
              values: [slots, range.from, range.to, cursorSlot, afterKey, wanted, slots.length],
            },
            until,
          );
          const strange = rows.find(({ st }) => st !== 'o');
          return strange ? (notOwned(strange.st) as Retry) : rows;
        });
        for (const data of found) {
          const row = data.k ? toRow(data) : undefined;
          if (!row) continue;
          if (page.rows.length >= range.limit) {
            const end = page.rows.at(-1) as { slot: number; key: Buffer };
            page.cursor = `${end.slot}.${end.key.toString('base64url')}`;
            return page;
          }
          page.rows.push({ slot: data.slot, key: data.k as Buffer, row });
        }
        slot += slots.length;
      }
      return page;
    },
    async scanIndex(range) {
      const [slotText = '-1', keyText = ''] = range.after?.split('.') ?? [];
      const values = [range.from, range.to, Buffer.from(keyText, 'base64url'), Number(slotText), range.limit + 1];
      const answers = await everywhere(range.deadline, (client) =>
        client.query<{ k: Buffer; slot: number; r: Buffer }>(
          { name: 'scan_index', text: SCAN_INDEX, values },
          range.deadline,
        ),
      );
      const merged = answers.flat().sort((a, b) => a.k.compare(b.k) || a.slot - b.slot);
      const page: IndexPage = {
        entries: merged.slice(0, range.limit).map(({ k, r, slot }) => ({ index: k, key: r, slot })),
      };
      const end = page.entries.at(-1);
      if (merged.length > range.limit && end) page.cursor = `${end.slot}.${end.index.toString('base64url')}`;
      return page;
    },
    async count(from, to, deadline) {
      const answers = await everywhere(deadline, (client) =>
        client.query<{ count: string }>(
          {
            name: 'count',
            text: `select count(*) from sparrow.records r join sparrow.owners o on o.slot = r.slot and o.state = 'o'
              where r.k >= $1 and r.k < $2 and r.v is not null`,
            values: [from, to],
          },
          deadline,
        ),
      );
      return answers.flat().reduce((sum, { count }) => sum + Number(count), 0);
    },
  };
}
