/** A node under test: holds objects, sends numbered messages, and writes down everything that happens to them. */

import type { HistoryEvent } from '../../src/checker/message-history.ts';
import { createNode, type Node, objectId, type Registration, type RoutedObject } from '../../src/index.ts';
import { type MeshConfig, openCoordinator, openTransport, readSecrets } from '../../src/process/config.ts';
import { machineNow } from '../../src/supervisor/lease-channel.ts';

interface Config extends MeshConfig {
  set: string;
  name: string;
  fencing?: boolean;
  routers?: string[];
}

export type NodeCommand =
  | { op: 'host'; keys: string[]; policy?: 'kick' | 'reject' }
  | { op: 'hostMany'; prefix: string; count: number }
  | { op: 'send'; targets: string[]; everyMs: number; burst: number; states?: boolean }
  | { op: 'quiet' }
  | { op: 'history' }
  | { op: 'status' }
  | { op: 'ask'; key: string; within: number }
  | { op: 'drain' }
  | { op: 'move'; key: string; to: { set: string; node: string } }
  | { op: 'slow'; ms: number }
  | { op: 'probe'; key: string; everyMs: number }
  | { op: 'probed' }
  | { op: 'close' };

const config = JSON.parse(process.argv[2] ?? '{}') as Config;
const coordinator = config.routers ? undefined : openCoordinator(config);
const history: HistoryEvent[] = [];
/** What was sent and may still be refused, by number. */
const open = new Map<number, { source: string; target: string; sequence: number; lane?: 'state' }>();
const names = new Map<string, string>();
const sequences = new Map<string, number>();
const hostedKeys = new Map<string, Registration>();
let blockMs = 0;

const addressKey = (low: number, high: number): string => `${high}:${low}`;
const _nameOf = (low: number, high: number): string => names.get(addressKey(low, high)) ?? addressKey(low, high);
const know = (key: string) => {
  const id = objectId('Obj', key);
  names.set(addressKey(id.low, id.high), key);
  return id;
};

function makeObject(key: string): RoutedObject {
  know(key);
  return {
    bare(frame) {
      if (blockMs > 0) {
        const end = performance.now() + blockMs;
        while (performance.now() < end);
      }
      if (frame.payloadLength < 12) return;
      const sequence = frame.view.getUint32(frame.start + 36, true);
      history.push({
        kind: 'received',
        at: machineNow(),
        source: new TextDecoder().decode(frame.payload().subarray(12)),
        target: key,
        sequence,
        ...(frame.view.getUint32(frame.start + 40, true) === 1 && { lane: 'state' as const }),
        node: config.name,
        ...(node.epochOf(objectId('Obj', key)) as { term: number; counter: number }),
        nodeTerm: node.term,
        linkTerm: node.lastLinkTerm,
      });
    },
    ask: () => new TextEncoder().encode(config.name),
    freeze: () => new TextEncoder().encode(key),
    refused({ call, code }) {
      const message = open.get(call);
      if (!message) return;
      open.delete(call);
      history.push({ kind: 'refused', at: machineNow(), code, ...message });
    },
  };
}

const { key } = readSecrets(config);
const node: Node = createNode({
  set: config.set,
  name: config.name,
  types: { Obj: (objectKey) => makeObject(objectKey) },
  transport: openTransport(config),
  routers: config.routers ?? (coordinator as NonNullable<typeof coordinator>),
  key,
  ...(config.limits && { limits: config.limits }),
  ...(config.protocol && { protocol: config.protocol }),
  fencing: config.fencing ?? true,
  log: (line) => void (process.env.RIG_LOG && process.stderr.write(`${new Date().toISOString()} ${line}\n`)),
});
await node.ready(20_000);

let timer: ReturnType<typeof setInterval> | undefined;
const encoder = new TextEncoder();

function send(source: Registration, target: string, lane?: 'state'): void {
  const pair = `${source.id.key}>${target}${lane ?? ''}`;
  const sequence = (sequences.get(pair) ?? -1) + 1;
  sequences.set(pair, sequence);
  const name = encoder.encode(source.id.key);
  const payload = new Uint8Array(12 + name.byteLength);
  const view = new DataView(payload.buffer);
  view.setUint32(0, sequence, true);
  view.setUint32(4, lane === 'state' ? 1 : 0, true);
  payload.set(name, 12);
  const message = { source: source.id.key, target, sequence, ...(lane && { lane }) };
  history.push({ kind: 'sent', at: machineNow(), ...message });
  try {
    const { self } = source;
    open.set(lane ? self.sendState(know(target), 1, payload) : self.tell(know(target), 1, payload), message);
  } catch (error) {
    history.push({ kind: 'refused', at: machineNow(), code: (error as { code: string }).code, ...message });
  }
}

let probeTimer: ReturnType<typeof setInterval> | undefined;
/** Answers of questions that are asked all the time: when, and whether. */
let probes: { at: number; ok: boolean; code?: string }[] = [];

async function run(command: NodeCommand): Promise<unknown> {
  switch (command.op) {
    case 'host':
      for (const objectKey of command.keys) {
        const registration = await node.register('Obj', objectKey, makeObject(objectKey), {
          policy: command.policy ?? 'kick',
        });
        hostedKeys.set(objectKey, registration);
        history.push({ kind: 'owned', at: machineNow(), object: objectKey, node: config.name, ...registration.epoch });
      }
      return {};
    case 'hostMany': {
      const object: RoutedObject = { ask: () => encoder.encode(config.name), bare() {} };
      const keys = Array.from({ length: command.count }, (_, index) => `${command.prefix}${index}`);
      const started = performance.now();
      const failed = await node.registerAll('Obj', keys, () => object);
      return { failed: failed.size, ms: performance.now() - started };
    }
    case 'send': {
      const sources = [...hostedKeys.values()];
      let turn = 0;
      clearInterval(timer);
      timer = setInterval(() => {
        for (let count = 0; count < command.burst; count++) {
          turn++;
          const source = sources[turn % sources.length] as Registration;
          const target = command.targets[(turn * 7) % command.targets.length] as string;
          if (target === source.id.key) continue;
          send(source, target);
          if (command.states) send(source, target, 'state');
        }
      }, command.everyMs);
      return {};
    }
    case 'quiet':
      clearInterval(timer);
      return {};
    case 'history':
      return history;
    case 'status':
      return { term: node.term, hasMain: node.hasMain, objects: node.objects, counters: node.counters };
    case 'ask': {
      const started = performance.now();
      const answer = await node.self.ask(know(command.key), 1, new Uint8Array(0), { within: command.within });
      return { from: new TextDecoder().decode(answer), ms: performance.now() - started };
    }
    case 'probe': {
      clearInterval(probeTimer);
      probes = [];
      const id = know(command.key);
      probeTimer = setInterval(() => {
        const at = machineNow();
        node.self.ask(id, 1, new Uint8Array(0), { within: 2_000 }).then(
          () => probes.push({ at: machineNow(), ok: true }),
          (error: { code: string }) => probes.push({ at, ok: false, code: error.code }),
        );
      }, command.everyMs);
      return {};
    }
    case 'probed':
      clearInterval(probeTimer);
      return probes;
    case 'drain':
      return node.drain();
    case 'move':
      await node.move(know(command.key), command.to);
      return {};
    case 'slow':
      blockMs = command.ms;
      return {};
    case 'close':
      await node.close();
      setTimeout(() => process.exit(0), 100);
      return {};
  }
}

process.on('message', ({ id, command }: { id: number; command: NodeCommand }) => {
  run(command).then(
    (value) => process.send?.({ id, value }),
    (error: unknown) =>
      process.send?.({ id, error: String(error), code: (error as { code?: string }).code ?? 'FAILED' }),
  );
});
process.once('disconnect', () => process.exit(0));
process.send?.({ ready: true });
