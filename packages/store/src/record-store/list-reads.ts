import type { RecordValue } from '../codec/message-codec.ts';
import type { TableCore } from './core.ts';
import type { ListElement, ListTable } from './list-api.ts';
import { decodeHeader, elementKey, type ListHeader } from './list-header.ts';
import type { ReadCallOptions } from './options.ts';

/** A list as a call found it: its header, and where its elements are. */
interface FoundList {
  header: ListHeader;
  version: number;
  slot: number;
  listKey: Buffer;
  deadline: number;
}

/** Reads of a LIST or SORTLIST table: first the header, then the elements that it names. */
export function createListReads(core: TableCore): Pick<ListTable, 'listGet' | 'listGetAll' | 'listCount'> {
  const { codec, context } = core;
  const { engine, limits } = context;

  async function readHeader(key: RecordValue, options: ReadCallOptions): Promise<FoundList | undefined> {
    const at = { slot: codec.slot(key), key: codec.rowKey(key) };
    const deadline = core.deadline(options);
    const answer = engine.get(at, { deadline, ...(options.stale ? { stale: true } : {}) });
    const row = answer instanceof Promise ? await answer : answer;
    context.charge('read', 1);
    if (!core.alive(row)) return undefined;
    return { header: decodeHeader(row.value), version: row.version, slot: at.slot, listKey: at.key, deadline };
  }

  async function elements(list: FoundList, indexes: readonly number[]): Promise<ListElement[]> {
    const { slot, listKey, version, deadline } = list;
    const keys = indexes.map((index) => ({ slot, key: elementKey(listKey, index) }));
    const rows = keys.length > 0 ? await engine.getMany(keys, { deadline }) : [];
    const found: ListElement[] = [];
    for (const [i, row] of rows.entries())
      if (row)
        found.push({
          index: indexes[i] as number,
          record: codec.decode(row.value, (keys[i] as { key: Buffer }).key),
          version,
        });
    return found;
  }

  return {
    async listGet(key, index, options = {}) {
      return core.tracked('listGet', undefined, async () => {
        const list = await readHeader(key, options);
        if (!list?.header.elements.some((element) => element.index === index)) return undefined;
        return (await elements(list, [index]))[0];
      });
    },
    async listGetAll(key, options = {}) {
      return core.tracked('listGetAll', undefined, async () => {
        const list = await readHeader(key, options);
        if (!list) return { elements: [], total: 0, version: 0 };
        const all = list.header.elements;
        const offset = options.offset ?? 0;
        const from = offset < 0 ? Math.max(0, all.length + offset) : offset;
        const limit = Math.min(options.limit ?? limits.listElements, limits.listElements);
        const indexes = all.slice(from, from + limit).map(({ index }) => index);
        return { elements: await elements(list, indexes), total: all.length, version: list.version };
      });
    },
    async listCount(key, options = {}) {
      return (await readHeader(key, options))?.header.elements.length ?? 0;
    },
  };
}
