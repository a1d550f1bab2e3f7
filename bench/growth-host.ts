/** Fills a router with routes and asks it for them by messages: `growth-host.ts <router>`. */
import { createTcpTransport, type Topology } from '@sparrow/router';
import { encodeFrame, wordBytes, words } from '../packages/router/src/frames/frame.ts';
import { KIND } from '../packages/router/src/frames/layout.ts';
import type { Identity, Link } from '../packages/router/src/links/link.ts';
import { openLink } from '../packages/router/src/links/open-link.ts';
import { Requests } from '../packages/router/src/links/requests.ts';
import { typeNumber } from '../packages/router/src/table/object-id.ts';
import { ENTRY_WORDS } from '../packages/router/src/table/route-table.ts';

const [router = ''] = process.argv.slice(2);
/** Small frames: a router answers nobody else while it works at one. */
const PART = 512;
const UNDER_WAY = 16;
const META = typeNumber('Player') << 16;
const requests = new Requests();
const limits = { heartbeatMs: 10_000, queueBytes: 64 * 1024 * 1024 };

async function open(
  role: Identity['role'],
  name: string,
  address: string,
  onFrame: Parameters<Link['handle']>[0]['frame'],
) {
  const self: Identity = { role, set: 'a', name, incarnation: 'i', types: ['Player'] };
  const link = await openLink(await createTcpTransport().dial(address), 'dial', { self, limits });
  link.handle({ frame: onFrame, down: (down) => requests.onDown(down) });
  return link;
}
const ask = async <T>(address: string, op: string): Promise<T> => {
  const link = await open(
    'admin',
    'admin',
    address,
    (frame) => frame.kind === KIND.response && requests.onResponse(frame),
  );
  try {
    return await requests.ask<T>(link, { op }, 20_000);
  } finally {
    link.close();
  }
};

/** Mixes a counter to what looks like an id. */
function mix(value: number): number {
  let t = Math.imul(value ^ (value >>> 16), 0x21f0aaad);
  t = Math.imul(t ^ (t >>> 15), 0x735a2d97);
  return (t ^ (t >>> 15)) >>> 0;
}
const lowOf = (nth: number): number => mix(nth * 2 + 1);
const highOf = (nth: number): number => mix((nth * 2 + 2) ^ 0x5bd1e995);

/** Registers `routes`, and meanwhile sends `lookups` messages to objects that are registered already: each must come, under its epoch. */
async function grow(routes: number, lookups: number): Promise<object> {
  const counters = new Uint32Array(routes);
  const open_ = new Map<number, number>();
  let answered = 0;
  let right = 0;
  let wrong = 0;
  let wake: () => void = () => {};
  const link = await open('node', 'filler', router, (frame) => {
    if (frame.kind === KIND.registered) {
      const first = open_.get(frame.call) ?? 0;
      open_.delete(frame.call);
      const answers = words(frame);
      for (let at = 0; at < answers.length; at += 3) {
        if (answers[at] !== 0) wrong++;
        counters[first + at / 3] = answers[at + 2] as number;
      }
      answered = first + answers.length / 3;
      wake();
    } else if (frame.kind === KIND.tell) {
      const nth = frame.call;
      if (frame.targetLow === lowOf(nth) && frame.counter === counters[nth]) right++;
    }
  });
  const asker = await open('node', 'asker', router, (frame) => {
    if (frame.kind === KIND.refused) wrong++;
  });
  await new Promise((resolve) => setTimeout(resolve, 300));
  const started = performance.now();
  let sent = 0;
  for (let from = 0, call = 1; from < routes; from += PART, call++) {
    const count = Math.min(PART, routes - from);
    const entries = new Uint32Array(count * ENTRY_WORDS);
    for (let index = 0; index < count; index++) {
      entries[index * ENTRY_WORDS] = lowOf(from + index);
      entries[index * ENTRY_WORDS + 1] = highOf(from + index);
      entries[index * ENTRY_WORDS + 2] = from + index;
      entries[index * ENTRY_WORDS + 5] = META;
    }
    open_.set(call, from);
    link.send(encodeFrame({ kind: KIND.register, call }, wordBytes(entries)));
    for (const due = Math.floor(((from + count) / routes) * lookups); answered > 0 && sent < due; sent++) {
      const nth = Math.floor(Math.random() * answered);
      asker.send(encodeFrame({ kind: KIND.tell, targetLow: lowOf(nth), targetHigh: highOf(nth), call: nth }));
    }
    while (open_.size >= UNDER_WAY) await new Promise<void>((resolve) => (wake = resolve));
  }
  while (open_.size > 0) await new Promise<void>((resolve) => (wake = resolve));
  const ms = performance.now() - started;
  for (const end = performance.now() + 10_000; right < sent && performance.now() < end; )
    await new Promise((resolve) => setTimeout(resolve, 20));
  if (wrong > 0) throw new Error(`${wrong} registrations or messages were refused`);
  return { ms, sent, right };
}

async function pulled(by: string): Promise<object> {
  const started = performance.now();
  for (;;) {
    const [one, two] = [
      await ask<{ value: string }>(router, 'table-digest'),
      await ask<{ value: string }>(by, 'table-digest'),
    ];
    if (one.value === two.value) return { ms: performance.now() - started };
    if (performance.now() - started > 100_000) throw new Error(`the tables differ: ${one.value}, ${two.value}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

process.on(
  'message',
  ({ id, command }: { id: number; command: { op: string; routes: number; lookups: number; by: string } }) => {
    const work =
      command.op === 'grow'
        ? grow(command.routes, command.lookups)
        : command.op === 'pulled'
          ? pulled(command.by)
          : ask<Topology>(router, 'topology');
    work.then(
      (value) => process.send?.({ id, value }),
      (error: unknown) => process.send?.({ id, error: String(error) }),
    );
  },
);
process.once('disconnect', () => process.exit(0));
process.send?.({ ready: true });
