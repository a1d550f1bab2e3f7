/** A node in a worker thread: its link is the message port that the router's thread gave it. */
import { type MessagePort, workerData } from 'node:worker_threads';
import { createMessagePortTransport, createNode, objectId } from '../../src/index.ts';

const { name, port, control } = workerData as { name: string; port: MessagePort; control: MessagePort };
const node = createNode({
  set: 'w',
  name,
  types: { Obj: (_key, state) => counter(new DataView(state.buffer, state.byteOffset).getUint32(0)) },
  transport: createMessagePortTransport(port),
  routers: ['ports'],
});

/** Counts what comes, and whether it came in order. */
function counter(from = 0) {
  let count = from;
  let inOrder = true;
  const bytes = (): Uint8Array => {
    const state = new Uint8Array(8);
    new DataView(state.buffer).setUint32(0, count);
    return state;
  };
  return {
    tell(message: { payload: Uint8Array }) {
      const sequence = new DataView(message.payload.buffer, message.payload.byteOffset).getUint32(0);
      inOrder &&= sequence === count;
      count++;
    },
    ask: () => new TextEncoder().encode(JSON.stringify({ name, count, inOrder })),
    freeze: bytes,
  };
}

const own = await node.ready(60_000).then(() => node.register('Obj', name, counter()));
control.on('message', (command: { id: number; op: 'flood' | 'ask' | 'move'; to: string; count: number }) => {
  void (async () => {
    const target = objectId('Obj', command.to);
    if (command.op === 'flood') {
      for (let sequence = 0; sequence < command.count; sequence++) {
        const payload = new Uint8Array(4);
        new DataView(payload.buffer).setUint32(0, sequence);
        own.self.tell(target, 1, payload);
        if (sequence % 500 === 499) await new Promise((resolve) => setImmediate(resolve));
      }
      return {};
    }
    if (command.op === 'move') return node.move(own.id, { set: 'w', node: command.to });
    return JSON.parse(new TextDecoder().decode(await own.self.ask(target, 1, new Uint8Array(0))));
  })().then(
    (value) => control.postMessage({ id: command.id, value }),
    (error: unknown) => control.postMessage({ id: command.id, error: String(error) }),
  );
});
control.postMessage({ ready: true });
