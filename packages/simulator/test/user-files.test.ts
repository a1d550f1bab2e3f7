import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fastify, { type FastifyInstance } from 'fastify';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createUserFileStore } from '../src/server/user-files.ts';

let dir: string;
let app: FastifyInstance;
function serve(): void {
  const store = createUserFileStore({ dir: join(dir, 'user-files') });
  app = fastify();
  app.addContentTypeParser('application/octet-stream', (_request, payload, done) => done(null, payload));
  store.registerChanges(app);
  store.registerDownload(app);
}
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sparrow-files-'));
  serve();
});
afterEach(async () => {
  await app.close();
  await rm(dir, { recursive: true, force: true });
});

const put = (path: string, body: string, user = 'a') =>
  app.inject({
    method: 'PUT',
    url: `/simulator/relay/user-files?${new URLSearchParams({ user, path })}`,
    headers: { 'content-type': 'application/octet-stream' },
    body,
  });
const list = async (user = 'a') =>
  (await app.inject({ method: 'POST', url: '/simulator/relay/user-files/list', body: { user } })).json();
const get = (scope: string, path: string) => app.inject(`/simulator/files/usr/${scope}/${path}`);

it('refuses paths that climb out or are no file names, and writes nothing for them', async () => {
  for (const path of ['../x', 'a/../../x', '/etc/x', 'a//b', '.', '', 'a\0b', 'x'.repeat(256)])
    expect((await put(path, 'x')).statusCode).toBe(400);
  const removed = await app.inject({ method: 'DELETE', url: '/simulator/relay/user-files?user=a&path=..' });
  expect(removed.statusCode).toBe(400);
  expect(await readdir(dir)).toEqual([]);
});

it('keeps the folders of users apart, behind addresses that cannot be guessed', async () => {
  await put('secret.txt', 'of a', 'a');
  const [mine, other] = [await list('a'), await list('b')];
  expect([mine.entries.length, other.entries.length]).toEqual([1, 0]);
  expect((await get(mine.scope, 'secret.txt')).body).toBe('of a');
  expect((await get(other.scope, 'secret.txt')).statusCode).toBe(404);
  expect((await get('nobody', 'secret.txt')).statusCode).toBe(404);
  expect((await get(other.scope, '..%2f..%2fsecret.txt')).statusCode).toBe(404);
});

it('has the file before or the file after a kill in the middle of a write, and the same files in the next run', async () => {
  await put('notes/n.txt', 'before');
  const [user] = await readdir(join(dir, 'user-files'));
  // What a write leaves that did not come to its end.
  await writeFile(join(dir, 'user-files', user as string, 'notes', 'ab12.sparrow-part'), 'half');
  await app.close();
  serve();
  const { scope, entries } = await list();
  expect(entries.map((entry: { path: string }) => entry.path)).toEqual(['notes', 'notes/n.txt']);
  expect((await get(scope, 'notes/n.txt')).body).toBe('before');
});

it('waits a moment for a file that a view asks for before it has arrived', async () => {
  const { scope } = await list();
  const asked = get(scope, 'late.txt');
  await new Promise((resolve) => setTimeout(resolve, 50));
  await put('late.txt', 'here now');
  expect((await asked).body).toBe('here now');
});
