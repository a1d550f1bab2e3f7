import type { KvEngine } from '../engines/kv-engine.ts';
import { StoreError } from '../errors.ts';
import type { StoreLimits } from '../limits.ts';
import { phrase } from '../phrase.ts';
import { checkEvolution } from '../schema/check-evolution.ts';
import { parseSchema, parseStoredSchema } from '../schema/parse-schema.ts';
import type { Schema } from '../schema/table.ts';

/** What the store keeps of a namespace. */
interface Entry {
  source: string;
  file: string;
  ids: Record<string, number>;
}

const RETRIES = 20;

/** Compares a schema with the stored one, keeps it, and gives each new table its number. */
export async function defineTables(options: {
  engine: KvEngine;
  limits: StoreLimits;
  namespace: string;
  source: string | undefined;
  file: string | undefined;
}): Promise<{ schema: Schema; ids: Record<string, number> }> {
  const { engine, limits } = options;
  const name = `schema/${options.namespace}`;
  for (let attempt = 0; attempt < RETRIES; attempt++) {
    const text = await engine.readMeta(name);
    const stored = text === undefined ? undefined : (JSON.parse(text) as Entry);
    if (options.source === undefined) {
      if (!stored)
        throw new StoreError('CONFIG_INVALID', phrase`the store has no schema yet`, {
          hint: phrase`give one: \`sparrow store init game.proto\``,
        });
      return { schema: parseStoredSchema(stored.source, stored.file, limits), ids: stored.ids };
    }
    if (stored?.source === options.source)
      return { schema: parseStoredSchema(stored.source, stored.file, limits), ids: stored.ids };
    const schema = parseSchema(options.source, options.file, limits);
    if (stored) checkEvolution(parseStoredSchema(stored.source, stored.file, limits), schema);
    const ids = { ...stored?.ids };
    for (const table of schema.tables.keys()) ids[table] ??= await nextId(engine);
    const entry: Entry = { source: options.source, file: schema.file, ids };
    if (await engine.writeMeta(name, JSON.stringify(entry), text)) return { schema, ids };
  }
  throw new StoreError('OVERLOADED', phrase`others define tables at the same time`, { hint: phrase`try again` });
}

async function nextId(engine: KvEngine): Promise<number> {
  for (let attempt = 0; attempt < RETRIES; attempt++) {
    const text = await engine.readMeta('next-table');
    const id = Number(text ?? 1);
    if (await engine.writeMeta('next-table', String(id + 1), text)) return id;
  }
  throw new StoreError('OVERLOADED', phrase`others define tables at the same time`, { hint: phrase`try again` });
}
