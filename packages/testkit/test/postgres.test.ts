import { existsSync } from 'node:fs';
import pg from 'pg';
import { expect, it } from 'vitest';
import { startPostgres } from '../src/index.ts';

it.each(['stop', 'kill', 'close'] as const)('%s ends a server with the queries that it runs', async (how) => {
  const server = await startPostgres();
  const client = new pg.Client({ connectionString: server.url });
  client.on('error', () => {});
  await client.connect();
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  const pid = rows[0]?.pid as number;
  const endless = client.query('with recursive n as (select 1 as i union all select i from n) select count(*) from n');
  endless.catch(() => {});
  await server[how]();
  await expect.poll(() => existsSync(`/proc/${pid}`)).toBe(false);
  expect(existsSync(server.dataDir)).toBe(how !== 'close');
  await server.close();
});

it('servers have identifiers of their own, as those that initdb makes', async () => {
  const servers = await Promise.all([startPostgres(), startPostgres()]);
  try {
    const identifiers = await Promise.all(
      servers.map(async ({ url }) => {
        const client = new pg.Client({ connectionString: url });
        await client.connect();
        const { rows } = await client.query('select system_identifier as id from pg_control_system()');
        await client.end();
        return rows[0]?.id;
      }),
    );
    expect(new Set(identifiers).size).toBe(2);
  } finally {
    await Promise.all(servers.map((server) => server.close()));
  }
});
