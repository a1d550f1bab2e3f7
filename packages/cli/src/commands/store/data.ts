import { readFileSync, writeFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import type { Command } from 'commander';
import { CliError } from '../../errors.ts';
import { phrase } from '../../phrase.ts';
import { table as rows } from '../../text.ts';
import type { SetExitCode } from '../command.ts';
import { add } from './add.ts';

/** Schema and records. */
export function addDataCommands(store: Command, setExitCode: SetExitCode): void {
  add(
    store,
    'init <schema>',
    'make a store of a .proto, or bring its tables up to date',
    () => {},
    async (context, [file = '']) => {
      const path = resolve(context.io.cwd, file);
      const opened = await context.open({ schema: readText(path), schemaFile: basename(path) });
      const tables = [...opened.schema.tables.values()].map(({ name, kind, keyFields }) => ({
        name,
        kind,
        key: keyFields.map((field) => field.name),
      }));
      for (const { name, kind, key } of tables) context.io.say(`✓ ${name}  ${kind}  (${key.join(', ')})`);
      context.next(`put ${tables[0]?.name} '{…}'`);
      context.json({ dir: context.dir, engine: opened.engine.kind, tables });
    },
  );
  add(
    store,
    'generate <schema>',
    'write TypeScript types of a .proto',
    (command) => command.option('--out <file>', 'file to write', 'tables.ts'),
    async (context, [file = ''], { out }: { out: string }) => {
      const { generateTypes, parseSchema } = await import('@sparrow/store');
      const path = resolve(context.io.cwd, file);
      const text = generateTypes(parseSchema(readText(path), file));
      const target = resolve(context.io.cwd, out);
      writeFileSync(target, text);
      context.io.say(`✓ ${out}`);
      context.json({ file: target, bytes: text.length });
    },
  );
  add(
    store,
    'put <table> <record>',
    'write a record, given as JSON',
    () => {},
    async (context, [name = '', text = '']) => {
      const { fromJson } = await import('@sparrow/store');
      const opened = await context.open();
      const record = fromJson(opened.codec(name).table.message, parseJson(text));
      const { version } = await opened.table(name).replace(record);
      context.io.say(phrase`✓ version ${version}`);
      context.json({ version });
    },
  );
  add(
    store,
    'get <table> <key>',
    'show a record, its key given as JSON',
    () => {},
    async (context, [name = '', text = '']) => {
      const { fromJson, toJson } = await import('@sparrow/store');
      const opened = await context.openToRead();
      const { message } = opened.codec(name).table;
      const found = await opened.table(name).get(fromJson(message, parseJson(text)));
      const shown = found && { ...found, record: toJson(message, found.record) };
      context.io.say(shown ? JSON.stringify(shown, null, 2) : phrase`There is no such record.`);
      context.json(shown ?? { code: 261 });
      if (!found) setExitCode(1);
    },
  );
  add(
    store,
    'query <query>',
    'run an index query: select … from Table where …',
    () => {},
    async (context, [text = '']) => {
      const { toJson } = await import('@sparrow/store');
      const opened = await context.openToRead();
      const name = /\bfrom\s+(\w+)/i.exec(text)?.[1] ?? '';
      const { message } = opened.codec(name).table;
      const result = await opened.table(name).query(text);
      const records = result.records.map(({ record, version }) => ({ ...toJson(message, record), version }));
      for (const record of records) context.io.say(JSON.stringify(record));
      if (result.values) context.io.say(result.values.map(String).join('  '));
      context.json({ records, ...(result.values ? { values: result.values } : {}) });
    },
  );
  add(
    store,
    'tables',
    'list the tables with their numbers of records',
    () => {},
    async (context) => {
      const opened = await context.openToRead();
      const tables = [];
      for (const { name, kind } of opened.schema.tables.values())
        tables.push({ name, kind, records: kind === 'GENERIC' ? await opened.table(name).count() : null });
      for (const line of rows(
        [phrase`table`, phrase`kind`, phrase`records`].map(context.io.tell),
        tables.map(({ name, kind, records }) => [name, kind, String(records ?? '–')]),
      ))
        context.io.say(line);
      context.json({ tables });
    },
  );
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new CliError('USAGE', phrase`${path} cannot be read`, { cause, hint: phrase`name a file that exists` });
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new CliError('USAGE', phrase`this is no JSON: ${text.slice(0, 80)}`, {
      cause,
      hint: phrase`give an object of its fields in single quotes, like '{"player":"42"}'`,
    });
  }
}
