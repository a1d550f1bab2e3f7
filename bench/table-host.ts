/** The process under measurement of router-table.ts. */

import { createLocalCoordination, createRouter, createTcpTransport } from '@sparrow/router';
import { encodeFrame, wordBytes } from '../packages/router/src/frames/frame.ts';
import { KIND } from '../packages/router/src/frames/layout.ts';
import type { Link } from '../packages/router/src/links/link.ts';
import { openLink } from '../packages/router/src/links/open-link.ts';
import { typeNumber } from '../packages/router/src/table/object-id.ts';
import { ENTRY_WORDS, RouteTable, routeOf } from '../packages/router/src/table/route-table.ts';
import { startRouter } from './hosts.ts';

const MILLION = 1_000_000;
const PART = 4096;
const META = typeNumber('Player') << 16;

/** Ids as `objectId` makes them, without the cost of their names. */
function* entriesOf(count: number, seed: number): Generator<Uint32Array> {
  let a = seed;
  const next = (): number => {
    a = (a + 0x9e3779b9) | 0;
    let t = Math.imul(a ^ (a >>> 16), 0x21f0aaad);
    t = Math.imul(t ^ (t >>> 15), 0x735a2d97);
    return (t ^ (t >>> 15)) >>> 0;
  };
  for (let done = 0; done < count; done += PART) {
    const entries = new Uint32Array(Math.min(PART, count - done) * ENTRY_WORDS);
    for (let at = 0; at < entries.length; at += ENTRY_WORDS) {
      entries[at] = next();
      entries[at + 1] = next();
      entries[at + 2] = next();
      entries[at + 5] = META;
    }
    yield entries;
  }
}

/** A node's bare link that registers all, in frames of 4,096; ms until the last is answered. */
async function register(address: string): Promise<{ ms: number; link: Link }> {
  const link = await openLink(await createTcpTransport().dial(address), 'dial', {
    self: { role: 'node', set: 'a', name: 'n', incarnation: 'i', types: ['Player'] },
    limits: { heartbeatMs: 10_000 },
  });
  const frames = [...entriesOf(MILLION, 1)].map((entries, call) =>
    encodeFrame({ kind: KIND.register, call }, wordBytes(entries)),
  );
  let answered = 0;
  const done = Promise.withResolvers<void>();
  link.handle({
    frame(frame) {
      if (frame.kind === KIND.registered && ++answered === frames.length) done.resolve();
    },
    down: (_link, reason) => done.reject(new Error(reason)),
  });
  await new Promise((resolve) => setTimeout(resolve, 300));
  const started = performance.now();
  for (const frame of frames) link.send(frame);
  await done.promise;
  return { ms: performance.now() - started, link };
}

/** A million registered at a router process; and pulled by a second set from a first, both here. */
async function million(): Promise<object> {
  const rates: number[] = [];
  for (let round = 0; round < 3; round++) {
    const remote = await startRouter({ set: 'a', name: 'r1', listen: '127.0.0.1:0', limits: { heartbeatMs: 10_000 } });
    const { ms, link } = await register(remote.address);
    rates.push((MILLION / ms) * 1000);
    link.destroy();
    await remote.child.stop(300);
  }
  const coordination = createLocalCoordination();
  const make = (set: string) =>
    createRouter({
      set,
      name: 'r1',
      coordinator: coordination.createCoordinator(),
      listen: [{ transport: createTcpTransport(), address: '127.0.0.1:0' }],
      limits: { heartbeatMs: 10_000 },
    });
  const router = await make('a');
  const { link } = await register(router.address);
  const { tableBytes, routes } = router.topology();
  const pullStarted = performance.now();
  const other = await make('b');
  while (!other.isReady || other.routes < routes) await new Promise((resolve) => setTimeout(resolve, 1));
  const pullMs = performance.now() - pullStarted;
  link.destroy();
  await Promise.all([router.close(), other.close()]);
  return { mb: tableBytes / 1e6 / (routes / MILLION), rates, pullMs };
}

/** Twenty million routes, looked up while the table grows; then every slot is taken out and put into another table. */
async function twenty(): Promise<object> {
  const table = new RouteTable();
  const known: [number, number][] = [];
  let counter = 0;
  let lookups = 0;
  let lookupMs = 0;
  let wrong = 0;
  let longestMs = 0;
  const started = performance.now();
  let nth = 0;
  for (const entries of entriesOf(20 * MILLION, 77)) {
    // 512 routes stand for one chunk of frames: nobody else waits longer than for that.
    for (let from = 0; from < entries.length; from += 512 * ENTRY_WORDS) {
      const at = performance.now();
      for (let word = from; word < Math.min(entries.length, from + 512 * ENTRY_WORDS); word += ENTRY_WORDS)
        table.set({ ...routeOf(entries, word), term: 1, counter: ++counter, type: META >>> 16 });
      longestMs = Math.max(longestMs, performance.now() - at);
    }
    known.push([entries[0]!, entries[1]!]);
    const at = performance.now();
    for (let count = 0; count < 205; count++) {
      const [low, high] = known[(count * 7919 + nth) % known.length] as [number, number];
      lookups++;
      if (table.find(low, high) < 0) wrong++;
    }
    lookupMs += performance.now() - at;
    if (++nth % 64 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  const insertMs = performance.now() - started;
  const mb = table.bytes / 1e6;
  const pullStarted = performance.now();
  const copy = new RouteTable();
  for (let slot = 0; slot < 4096; slot++) {
    const entries = new Uint32Array(table.usedOf(slot) * ENTRY_WORDS);
    table.exportSlot(slot, entries, 0);
    copy.clearSlot(slot, entries.length / ENTRY_WORDS);
    for (let at = 0; at < entries.length; at += ENTRY_WORDS) copy.set(routeOf(entries, at));
    if (slot % 64 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  const pullMs = performance.now() - pullStarted;
  if (copy.size !== table.size) wrong++;
  return { insertMs, lookups, lookupMs, wrong, longestMs, mb, pullMs };
}

process.on('message', ({ id, command }: { id: number; command: { op: string } }) => {
  (command.op === 'million' ? million() : twenty()).then(
    (value) => process.send?.({ id, value }),
    (error: unknown) => process.send?.({ id, error: String(error) }),
  );
});
process.once('disconnect', () => process.exit(0));
process.send?.({ ready: true });
