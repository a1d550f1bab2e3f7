import { describe, expect, it, onTestFinished } from 'vitest';
import { checkMessageHistory, type HistoryEvent } from '../src/checker/message-history.ts';
import { createLocalCoordination } from '../src/coordinators/local.ts';
import { KIND, OFFSET } from '../src/frames/layout.ts';
import { createNode, createRouter, objectId, type Registration } from '../src/index.ts';
import { createLocalTransport } from '../src/transports/local.ts';
import type { Transport } from '../src/transports/transport.ts';

type Received = Extract<HistoryEvent, { kind: 'received' }>;

/** What one message of a to b leaves behind when all is well. */
const sent = (sequence: number, at: number, lane?: 'state'): HistoryEvent => ({
  kind: 'sent',
  at,
  source: 'a',
  target: 'b',
  sequence,
  ...(lane && { lane }),
});
const received = (sequence: number, at: number, more: Partial<Received> = {}): HistoryEvent => ({
  kind: 'received',
  at,
  source: 'a',
  target: 'b',
  sequence,
  node: 'n2',
  term: 1,
  counter: 7,
  nodeTerm: 1,
  linkTerm: 1,
  ...more,
});
const owned: HistoryEvent = { kind: 'owned', at: 0, object: 'b', node: 'n2', term: 1, counter: 7 };
const refused = (sequence: number, at: number): HistoryEvent => ({
  kind: 'refused',
  at,
  source: 'a',
  target: 'b',
  sequence,
  code: 'OVERLOADED',
});
const GOOD: HistoryEvent[] = [
  owned,
  sent(0, 10),
  received(0, 11),
  sent(1, 12),
  received(1, 13),
  sent(2, 14),
  refused(2, 15),
  // Replaced by the next, which came.
  sent(0, 16, 'state'),
  sent(1, 17, 'state'),
  received(1, 18, { lane: 'state' }),
  // Lost with the router that died then.
  sent(3, 100),
];
const DEATH = 110;
const violations = (events: HistoryEvent[], deaths = [DEATH]): string[] =>
  checkMessageHistory(events, deaths).violations;
const without = (kind: string, sequence: number, lane?: 'state'): HistoryEvent[] =>
  GOOD.filter(
    (event) => event.kind !== kind || !('sequence' in event) || event.sequence !== sequence || event.lane !== lane,
  );

describe('the history checker', () => {
  it('says nothing about a history in which all is well, and counts what became of each message', () => {
    expect(checkMessageHistory(GOOD, [DEATH])).toMatchObject({
      violations: [],
      sent: 6,
      received: 3,
      refused: 1,
      superseded: 1,
      lost: 1,
    });
  });

  it('lets a message come whose source was told that nobody knows', () => {
    expect(violations([...GOOD, { ...refused(1, 20), code: 'TIMEOUT' } as HistoryEvent])).toEqual([]);
  });

  it('lets nothing be lost when no router died', () => {
    expect(violations(GOOD, [])).toEqual(['lost without a fault: a>b#3 at 100']);
  });

  it.each<[string, HistoryEvent[], RegExp, number[]?]>([
    ['a message that comes twice', [...GOOD, received(1, 20)], /received twice: a > b #1/],
    ['a message that overtakes another', [...without('received', 0), received(0, 14)], /out of order: a>b #0 after #1/],
    ['two owners of one epoch', [...GOOD, { ...owned, at: 1, node: 'n1' }], /two owners of b at 1\.7: n2 and n1/],
    [
      'a message taken by who does not own the epoch',
      [...GOOD, sent(4, 20), received(4, 21, { node: 'n1' })],
      /n1 took a message for b, which n2 owned/,
    ],
    ['a loss of what was sent after the death', [...GOOD, sent(4, 111)], /lost without a fault: a>b#4/],
    [
      'a loss of what cannot have been in the router any more, for later ones had come',
      [...GOOD, sent(4, 101), received(4, 102)],
      /lost without a fault: a>b#3/,
    ],
    ['a refusal that its source is not told', without('refused', 2), /lost without a fault: a>b#2/, []],
    ['a message that is refused and comes all the same', [...GOOD, received(2, 16)], /received and refused: a>b#2/],
    ['a state that nothing replaced', without('received', 1, 'state'), /lost without a fault: a>b \(state\)#1/, []],
    [
      'a state that comes after a later one',
      [...GOOD, received(0, 19, { lane: 'state' })],
      /out of order: a>b \(state\)/,
    ],
    [
      'a frame of a lower term',
      [...GOOD, sent(4, 20), received(4, 21, { linkTerm: 1, nodeTerm: 2 })],
      /took a frame of term 1 in term 2/,
    ],
    ['a message that nobody sent', [...GOOD, received(9, 20)], /never sent: a>b#9/],
    ['one number given to two messages', [...GOOD, sent(1, 20)], /sent twice under one number/],
  ])('finds %s', (_name, events, expected, deaths) => {
    expect(violations(events, deaths).filter((text) => expected.test(text))).toHaveLength(1);
  });
});

type Mutation = (frames: Uint8Array[]) => Uint8Array[];

/** A transport whose wires do to every chunk of whole frames what `mutate` says. */
function mutated(transport: Transport, mutate: Mutation): Transport {
  return {
    ...transport,
    async dial(address, timeoutMs) {
      const wire = await transport.dial(address, timeoutMs);
      const start = wire.start.bind(wire);
      wire.start = (events) =>
        start({
          ...events,
          data(chunk) {
            const frames: Uint8Array[] = [];
            for (let at = 0; at < chunk.byteLength; ) {
              const length = new DataView(chunk.buffer, chunk.byteOffset + at).getUint32(0, true);
              frames.push(chunk.slice(at, at + length));
              at += length;
            }
            for (const frame of mutate(frames)) events.data(frame);
          },
        });
      return wire;
    },
  };
}

/** Two nodes and a router in one process; a sends to b through wires that one mutation spoils. */
async function history(mutate: Mutation): Promise<string[]> {
  const events: HistoryEvent[] = [];
  const coordinator = createLocalCoordination().createCoordinator();
  const transport = createLocalTransport();
  const router = await createRouter({ set: 's', name: 'r', coordinator, listen: [{ transport, address: 's/r' }] });
  const options = { set: 's', types: { Obj: undefined }, routers: [router.address] };
  const wires = mutated(transport, mutate);
  const nodes = ['n1', 'n2'].map((name) => createNode({ ...options, name, transport: wires }));
  onTestFinished(async () => {
    for (const node of nodes) node.destroy();
    await router.close();
    await coordinator.close();
  });
  for (const node of nodes) await node.ready();
  const [one, two] = nodes as [(typeof nodes)[0], (typeof nodes)[0]];
  const open = new Map<number, number>();
  const source: Registration = await one.register('Obj', 'a', {
    refused({ call, code }) {
      events.push({
        kind: 'refused',
        at: performance.now(),
        source: 'a',
        target: 'b',
        sequence: open.get(call) ?? -1,
        code,
      });
    },
  });
  const target = await two.register('Obj', 'b', {
    bare(frame) {
      const sequence = frame.view.getUint32(frame.start + 36, true);
      const { epoch } = target;
      const terms = { nodeTerm: two.term, linkTerm: two.lastLinkTerm };
      events.push({
        kind: 'received',
        at: performance.now(),
        source: 'a',
        target: 'b',
        sequence,
        node: 'n2',
        ...epoch,
        ...terms,
      });
    },
  });
  events.push({ kind: 'owned', at: performance.now(), object: 'b', node: 'n2', ...target.epoch });
  const send = (sequence: number, to: string): void => {
    const payload = new Uint8Array(4);
    new DataView(payload.buffer).setUint32(0, sequence, true);
    events.push({ kind: 'sent', at: performance.now(), source: 'a', target: 'b', sequence });
    open.set(source.self.tell(objectId('Obj', to), 1, payload), sequence);
  };
  for (let sequence = 0; sequence < 40; sequence++) {
    // Each tenth is for nobody, so that there are refusals.
    send(sequence, sequence % 10 === 9 ? 'nobody' : 'b');
    if (sequence % 4 === 3) await new Promise((resolve) => setImmediate(resolve));
  }
  await new Promise((resolve) => setTimeout(resolve, 100));
  return checkMessageHistory(events).violations;
}

const isKind = (frame: Uint8Array, kind: number): boolean => frame[OFFSET.kind] === kind;
const hasTwo = (frames: Uint8Array[]): boolean => frames.filter((frame) => isKind(frame, KIND.tell)).length > 1;

describe('the history checker at work on a spoiled mesh', () => {
  it.each<[string, Mutation, RegExp | undefined]>([
    ['leaves a sound one alone', (frames) => frames, undefined],
    [
      'finds frames that come twice',
      (frames) => frames.flatMap((one) => (isKind(one, KIND.tell) ? [one, one] : [one])),
      /received twice/,
    ],
    ['finds frames that change places', (frames) => (hasTwo(frames) ? frames.toReversed() : frames), /out of order/],
    ['finds frames that vanish', (frames) => frames.filter((one) => !isKind(one, KIND.tell)), /lost without a fault/],
    [
      'finds refusals that vanish',
      (frames) => frames.filter((one) => !isKind(one, KIND.refused)),
      /lost without a fault/,
    ],
  ])('%s', async (_name, mutate, expected) => {
    const found = await history(mutate);
    if (expected) expect(found.some((text) => expected.test(text))).toBe(true);
    else expect(found).toEqual([]);
  });
});
