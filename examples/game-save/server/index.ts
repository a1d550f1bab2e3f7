// 游戏存档服务：存档带版本，两台设备同时存不会互相覆盖；金币不会花成负数。
// A game save service: saves carry a version, so two devices do not overwrite each other; gold never goes below zero.
import http, { type IncomingMessage } from 'node:http';
import { createSparrow, SparrowRecordError } from '@sparrow/sdk/server';

interface Save {
  player: string;
  slot: number;
  savedAt: bigint;
  level: number;
  state: Uint8Array;
}

const sparrow = createSparrow();
const saves = sparrow.store.table<Save, { player: string; slot: number }>('Save');
const wallets = sparrow.store.table<{ player: string; gold: bigint }, { player: string }>('Wallet');
const purchases = sparrow.store.list<{ player: string; item: string; price: bigint }, { player: string }>('Purchase');

async function body(request: IncomingMessage): Promise<Record<string, unknown>> {
  let text = '';
  for await (const chunk of request) {
    text += chunk;
    if (text.length > 200_000) throw new Error('too large');
  }
  return text ? JSON.parse(text) : {};
}

async function answer(request: IncomingMessage): Promise<[number, unknown]> {
  const { pathname } = new URL(request.url ?? '/', 'http://game');
  if (pathname === '/health') return [200, { ok: true }];
  const [, player = '', what = '', rest = ''] = pathname.split('/');
  if (what === 'saves' && request.method === 'GET' && rest === '') {
    const { records } = await saves.getByPartKey({ player });
    return [200, records.map(({ record, version }) => ({ slot: record.slot, level: record.level, version }))];
  }
  if (what === 'saves' && request.method === 'GET') {
    const found = await saves.get({ player, slot: Number(rest) });
    if (!found) return [404, { error: 'no save' }];
    return [
      200,
      { level: found.record.level, state: Buffer.from(found.record.state).toString('base64'), version: found.version },
    ];
  }
  if (what === 'saves' && request.method === 'PUT') {
    const given = await body(request);
    const save: Save = {
      player,
      slot: Number(rest),
      savedAt: BigInt(Date.now()),
      level: Number(given.level),
      state: Buffer.from(String(given.state ?? ''), 'base64'),
    };
    // 版本 0 是新存档，否则必须是读到的那一版。
    const version = Number(given.version ?? 0);
    const written = version === 0 ? await saves.insert(save) : await saves.update(save, { version });
    return [200, { version: written.version }];
  }
  if (what === 'gold' && request.method === 'POST') {
    const amount = BigInt(String((await body(request)).amount));
    const written = await wallets.fieldIncrease(
      { player },
      { gold: amount },
      { lower: 0n, insertIfAbsent: true, resultFlag: { success: 2 } },
    );
    return [200, { gold: String(written.record?.gold) }];
  }
  if (what === 'purchases' && request.method === 'POST') {
    const { item, price } = await body(request);
    const paid = await wallets.fieldIncrease(
      { player },
      { gold: -BigInt(String(price)) },
      { lower: 0n, resultFlag: { success: 2 } },
    );
    await purchases.listAddAfter({ player, item: String(item), price: BigInt(String(price)) }, -1, { shift: 1 });
    return [200, { gold: String(paid.record?.gold) }];
  }
  if (what === 'purchases') {
    const { elements } = await purchases.listGetAll({ player });
    return [200, elements.map(({ record }) => record.item)];
  }
  return [404, { error: 'no such address' }];
}

/** 存储的拒绝变成客户端能懂的状态。 Refusals of the store as states a client understands. */
const STATUS: Record<string, number> = { VERSION_MISMATCH: 409, EXISTS: 409, OUT_OF_RANGE: 402, NOT_FOUND: 404 };

const server = http.createServer((request, response) => {
  answer(request)
    .catch((error: unknown): [number, unknown] => {
      if (error instanceof SparrowRecordError)
        return [STATUS[error.storeCode] ?? 400, { error: error.storeCode, version: error.version }];
      console.error(error);
      return [500, { error: 'internal' }];
    })
    .then(([status, value]) => {
      response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' });
      response.end(JSON.stringify(value));
    });
});
server.listen(sparrow.config.port, '127.0.0.1');
process.once('SIGTERM', () => {
  sparrow.store.close();
  server.close();
  server.closeAllConnections();
});
