import type { Located, RowPage } from '../engines/kv-engine.ts';
import { decodeHeader } from '../record-store/list-header.ts';
import type { RecordStore } from '../record-store/record-store.ts';
import type { TableCodec } from '../record-store/table-codec.ts';

/** Where a list and its rows do not go together. */
export type ListProblem =
  /** A row of an element that its list does not name, or whose list is gone. */
  | { kind: 'stray'; element: Located & { rev: number }; list: Located & { rev: number } }
  /** A list names an element that has no row. */
  | { kind: 'missing'; list: Located; index: number };

const PAGE = 500;
const CALL_MS = 60_000;

/** Reads all rows of a LIST or SORTLIST table; the rows of a list stand behind its header. */
export async function* listProblems(store: RecordStore, codec: TableCodec): AsyncGenerator<ListProblem> {
  let header: { at: Located; rev: number; wanted: Set<number> } | undefined;
  for await (const { key, row } of rowsOf(store, codec)) {
    const listKey = codec.rowKey(codec.keyOf(key));
    const list = { slot: codec.slotOfRow(key), key: listKey };
    if (listKey.length === key.length) {
      yield* missingOf(header);
      const wanted = new Set(decodeHeader(row.value).elements.map(({ index }) => index));
      header = { at: list, rev: isOver(row) ? 0 : row.rev, wanted };
      continue;
    }
    const isOwn = header?.at.key.equals(listKey) === true;
    if (isOwn && header?.wanted.delete(key.readUInt32BE(key.length - 4))) continue;
    yield {
      kind: 'stray',
      element: { slot: list.slot, key: Buffer.from(key), rev: isOver(row) ? 0 : row.rev },
      list: { ...list, rev: isOwn && header ? header.rev : 0 },
    };
  }
  yield* missingOf(header);
}

function* missingOf(header: { at: Located; wanted: Set<number> } | undefined): Generator<ListProblem> {
  if (header) for (const index of header.wanted) yield { kind: 'missing', list: header.at, index };
}

/** Removes a stray, unless the list or the element was changed since it was found; answers whether it did. */
export async function removeStray(
  { engine }: RecordStore,
  { element, list }: ListProblem & { kind: 'stray' },
): Promise<boolean> {
  const write = { when: 'any', policy: 3, version: 0 } as const;
  const results = await engine.commit({
    slot: list.slot,
    now: Date.now(),
    feed: false,
    deadline: performance.now() + CALL_MS,
    writes: [
      { ...write, op: 'check', key: list.key, guard: list.rev },
      { ...write, op: 'delete', key: element.key, guard: element.rev },
    ],
  });
  return results.every(({ code }) => code === 'ok');
}

/** An expired row counts as absent, so its revision is 0. */
const isOver = ({ expires }: { expires: number }): boolean => expires > 0 && expires <= Date.now();

async function* rowsOf({ engine }: RecordStore, codec: TableCodec): AsyncGenerator<RowPage['rows'][number]> {
  for (let cursor: string | undefined, first = true; first || cursor !== undefined; first = false) {
    const page = await engine.scan({
      ...codec.range,
      limit: PAGE,
      deadline: performance.now() + CALL_MS,
      ...(cursor === undefined ? {} : { after: cursor }),
    });
    cursor = page.cursor;
    // Values are views that are good until the next call of the engine, and whoever gets them may call it.
    yield* page.rows.map(({ slot, key, row }) => ({ slot, key, row: { ...row, value: Buffer.from(row.value) } }));
  }
}
