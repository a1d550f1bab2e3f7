import type { RecordStore } from '../record-store/record-store.ts';
import { entriesOf } from './entries-of.ts';
import { listProblems } from './list-elements.ts';

export interface VerifyReport {
  tables: { name: string; records: number; entries: number; problems: string[] }[];
  ok: boolean;
}

/**
 * Reads everything: every record decodes, every index entry has its record, every record its entries, every list its
 * elements and every element its list. For a store that stands still.
 */
export async function verifyStore(store: RecordStore): Promise<VerifyReport> {
  const report: VerifyReport = { tables: [], ok: true };
  for (const [name, table] of store.schema.tables) {
    const codec = store.codec(name);
    const { engine } = store;
    const problems: string[] = [];
    const note = (text: string): void => {
      if (problems.length < 20) problems.push(text);
      report.ok = false;
    };
    let records = 0;
    let entries = 0;
    let expected = 0;
    const deadline = (): number => performance.now() + 60_000;
    for (let cursor: string | undefined, first = true; first || cursor !== undefined; first = false) {
      const page = await engine.scan({
        ...codec.range,
        limit: 500,
        deadline: deadline(),
        ...(cursor === undefined ? {} : { after: cursor }),
      });
      cursor = page.cursor;
      for (const { key, row } of page.rows) {
        records++;
        if (table.kind !== 'GENERIC') continue;
        try {
          const record = codec.decode(row.value, key);
          expected += codec.indexEntries(record, key, row.expires).length;
          if (!codec.rowKey(record).equals(key)) note(`the record at ${key.toString('hex')} has another key in it`);
        } catch (error) {
          note(`the record at ${key.toString('hex')} cannot be read: ${(error as Error).message}`);
        }
      }
    }
    for (let cursor: string | undefined, first = true; first || cursor !== undefined; first = false) {
      const page = await engine.scanIndex({
        ...codec.range,
        limit: 500,
        deadline: deadline(),
        ...(cursor === undefined ? {} : { after: cursor }),
      });
      cursor = page.cursor;
      const rows = await engine.getMany(
        page.entries.map(({ key }) => ({ slot: codec.slotOfRow(key), key })),
        { deadline: deadline() },
      );
      for (const [i, { index, key }] of page.entries.entries()) {
        entries++;
        const row = rows[i];
        if (!row) note(`an index entry names the record ${key.toString('hex')}, which is not there`);
        else if (table.kind === 'GENERIC') {
          const own = entriesOf(codec, key, row);
          // A record that cannot be read was noted already.
          if (own && !own.some((entry) => entry.equals(index)))
            note(`an index entry of ${key.toString('hex')} is out of date`);
        }
      }
    }
    if (table.kind === 'GENERIC' && entries !== expected)
      note(`${expected} index entries were expected, ${entries} are there`);
    if (table.kind !== 'GENERIC')
      for await (const problem of listProblems(store, codec))
        if (problem.kind === 'stray') note(`no list names the element ${problem.element.key.toString('hex')}`);
        else note(`the list ${problem.list.key.toString('hex')} names element ${problem.index}, which is not there`);
    report.tables.push({ name, records, entries, problems });
  }
  return report;
}
