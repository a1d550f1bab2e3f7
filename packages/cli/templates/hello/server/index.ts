import { mkdirSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createSparrow, failure, ok } from '@sparrow/sdk/server';

const sparrow = createSparrow();
mkdirSync(sparrow.config.dataDir, { recursive: true });
const db = new DatabaseSync(join(sparrow.config.dataDir, 'visits.db'));
db.exec('create table if not exists visit (openId text primary key, count integer not null) strict');
const count = db.prepare(
  'insert into visit values (?, 1) on conflict (openId) do update set count = count + 1 returning count',
);

const server = http.createServer(async (request, response) => {
  if (request.url === '/login') return sparrow.handleLogin(request, response);
  const answer = await sparrow.checkSession(request).then(
    (user) => ok({ visits: (count.get(user.openId) as { count: number }).count }),
    // code -1：客户端的 SDK 会重新登录，再试一次。
    failure,
  );
  response.setHeader('content-type', 'application/json; charset=utf-8');
  response.end(JSON.stringify(answer));
});
server.listen(sparrow.config.port, '127.0.0.1', () => console.log(`listening on ${sparrow.config.port}`));
