import type { TableCore } from './core.ts';
import type { ListTable } from './list-api.ts';
import { createListReads } from './list-reads.ts';
import { createListWrites } from './list-writes.ts';
import { createReads } from './reads.ts';

export function createListTable(core: TableCore): ListTable {
  return { changes: createReads(core).changes, ...createListReads(core), ...createListWrites(core) };
}
