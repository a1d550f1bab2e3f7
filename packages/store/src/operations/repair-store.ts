import type { Located, Row } from '../engines/kv-engine.ts';
import { inParallel } from '../record-store/in-parallel.ts';
import type { RecordStore } from '../record-store/record-store.ts';
import type { TableCodec } from '../record-store/table-codec.ts';
import { entriesOf } from './entries-of.ts';
import { listProblems, removeStray } from './list-elements.ts';

export interface RepairReport {
  tables: {
    name: string;
    /** Records whose entries were made anew. */
    repaired: number;
    /** Entries of records that are not there. */
    removed: number;
    /** Elements that no list names; an older version left them behind when a list expired. */
    elements: number;
    /** Records that cannot be read, so nobody knows their entries: they stay as they are. */
    unreadable: number;
  }[];
}

interface Counts {
  repaired: number;
  removed: number;
  elements: number;
  unreadable: number;
}

const PAGE = 500;
const AT_ONCE = 32;
const CALL_MS = 60_000;

const deadline = (): number => performance.now() + CALL_MS;

/**
 * Makes index entries what the records say: those that are missing, and those that an older version made by other
 * rules. Records, their versions and times stay as they are, and the change feed notes nothing. Each record is repaired
 * in one commit that fails when somebody changed it meanwhile, whose own write has made its entries anew then. Elements
 * that no list names are removed.
 *
 * @throws StoreError READ_ONLY, TIMEOUT, SHARD_DOWN
 */
export async function repairStore(store: RecordStore): Promise<RepairReport> {
  const report: RepairReport = { tables: [] };
  for (const { name, kind } of store.schema.tables.values()) {
    const codec = store.codec(name);
    const counts: Counts = { repaired: 0, removed: 0, elements: 0, unreadable: 0 };
    if (kind === 'GENERIC') await addMissing(store, codec, counts);
    else
      for await (const problem of listProblems(store, codec))
        if (problem.kind === 'stray' && (await removeStray(store, problem))) counts.elements++;
    await removeStrays(store, codec, kind === 'GENERIC', counts);
    report.tables.push({ name, ...counts });
  }
  return report;
}

async function addMissing(store: RecordStore, codec: TableCodec, counts: Counts): Promise<void> {
  const { engine } = store;
  for (let cursor: string | undefined, first = true; first || cursor !== undefined; first = false) {
    const page = await engine.scan({
      ...codec.range,
      limit: PAGE,
      deadline: deadline(),
      ...(cursor === undefined ? {} : { after: cursor }),
    });
    cursor = page.cursor;
    // A row's value is a view: what is needed of it later is its own bytes.
    const rows = page.rows.map(({ slot, key, row }) => ({ slot, key, row: copyOf(row) }));
    await inParallel(rows, AT_ONCE, async ({ slot, key, row }) => {
      const own = entriesOf(codec, key, row);
      if (!own) {
        counts.unreadable++;
        return;
      }
      for (const entry of own) {
        const { entries } = await engine.scanIndex({
          from: entry,
          to: Buffer.concat([entry, Buffer.of(0)]),
          limit: 1,
          deadline: deadline(),
        });
        if (entries.length > 0) continue;
        await rewrite(store, { slot, key }, row, own, []);
        counts.repaired++;
        return;
      }
    });
  }
}

async function removeStrays(store: RecordStore, codec: TableCodec, isGeneric: boolean, counts: Counts): Promise<void> {
  const { engine } = store;
  for (let cursor: string | undefined, first = true; first || cursor !== undefined; first = false) {
    const page = await engine.scanIndex({
      ...codec.range,
      limit: PAGE,
      deadline: deadline(),
      ...(cursor === undefined ? {} : { after: cursor }),
    });
    cursor = page.cursor;
    const places = page.entries.map(({ key }) => ({ slot: codec.slotOfRow(key), key }));
    const found = await engine.getMany(places, { deadline: deadline() });
    const rows = found.map((row) => row && copyOf(row));
    await inParallel(page.entries, AT_ONCE, async ({ index }, i) => {
      const row = rows[i];
      const place = places[i] as Located;
      if (!row) {
        await removeEntry(store, place, index);
        counts.removed++;
        return;
      }
      const own = isGeneric ? entriesOf(codec, place.key, row) : undefined;
      if (!own || own.some((entry) => entry.equals(index))) return;
      await rewrite(store, place, row, own, [index]);
      counts.repaired++;
    });
  }
}

const copyOf = (row: Row): Row => ({ ...row, value: Buffer.from(row.value) });

/**
 * The same row with other entries. A write takes away and adds what differs from the entries that the row itself has
 * noted, so it is written twice in one commit: with the strays alone, then with its own.
 */
async function rewrite(
  store: RecordStore,
  at: Located,
  row: Row,
  own: readonly Buffer[],
  strays: readonly Buffer[],
): Promise<void> {
  const write = {
    key: at.key,
    op: 'put',
    when: 'any',
    policy: 2,
    version: row.version,
    value: row.value,
    expires: row.expires,
  } as const;
  await store.engine.commit({
    slot: at.slot,
    // The time of the change stays what it was.
    now: row.modified,
    feed: false,
    deadline: deadline(),
    writes: [
      { ...write, index: strays, guard: row.rev },
      { ...write, index: own },
    ],
  });
}

/** An entry goes with a row that has noted it, so such a row is made and removed in one commit. */
async function removeEntry(store: RecordStore, { slot, key }: Located, entry: Buffer): Promise<void> {
  const write = { key, when: 'any', policy: 3, version: 0 } as const;
  await store.engine.commit({
    slot,
    now: Date.now(),
    feed: false,
    deadline: deadline(),
    writes: [
      { ...write, op: 'put', value: new Uint8Array(0), index: [entry], expires: 0, guard: 0 },
      { ...write, op: 'delete' },
    ],
  });
}
