import { once } from 'node:events';
import { join } from 'node:path';
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { expect, it, onTestFinished } from 'vitest';
import { createLocalCoordination } from '../src/coordinators/local.ts';
import { createMessagePortTransport, createRouter } from '../src/index.ts';

interface Answer {
  id: number;
  value?: unknown;
  error?: string;
}

async function startWorker(name: string, accept: (port: MessagePort) => void) {
  const link = new MessageChannel();
  const control = new MessageChannel();
  const worker = new Worker(join(import.meta.dirname, 'rig/worker-node.ts'), {
    workerData: { name, port: link.port2, control: control.port2 },
    transferList: [link.port2, control.port2],
  });
  accept(link.port1);
  const ended = once(worker, 'exit');
  await Promise.race([once(control.port1, 'message'), ended.then(() => Promise.reject(new Error(`${name} ended`)))]);
  let last = 0;
  return {
    async call<T>(op: 'flood' | 'ask' | 'move', to: string, count = 0): Promise<T> {
      const id = ++last;
      control.port1.postMessage({ id, op, to, count });
      for (;;) {
        const [answer] = (await once(control.port1, 'message')) as [Answer];
        if (answer.id !== id) continue;
        if (answer.error) throw new Error(answer.error);
        return answer.value as T;
      }
    },
    async stop() {
      control.port1.close();
      await worker.terminate();
    },
  };
}

it('a game in several worker threads: one router, a node a worker, nothing lost or swapped, a lost worker is noticed', async () => {
  const coordinator = createLocalCoordination().createCoordinator();
  const transport = createMessagePortTransport();
  const router = await createRouter({
    set: 'w',
    name: 'r1',
    coordinator,
    listen: [{ transport, address: 'ports' }],
    times: { nodeGraceMs: 100 },
  });
  const workers = await Promise.all(
    ['w1', 'w2', 'w3'].map((name) => startWorker(name, (port) => transport.accept(port))),
  );
  onTestFinished(async () => {
    await Promise.all(workers.map((worker) => worker.stop()));
    await router.close();
    await coordinator.close();
  });
  const [w1, w2, w3] = workers as [(typeof workers)[0], (typeof workers)[0], (typeof workers)[0]];
  await w1.call('flood', 'w2', 20_000);
  await expect.poll(() => w3.call('ask', 'w2')).toEqual({ name: 'w2', count: 20_000, inOrder: true });
  // An object moves from thread to thread with its state.
  await w2.call('move', 'w3');
  expect(await w1.call('ask', 'w2')).toEqual({ name: 'w3', count: 20_000, inOrder: true });
  await w3.stop();
  // What was on its way to it is lost with it; whoever asks when it is noticed is refused.
  await expect
    .poll(() =>
      router
        .topology()
        .nodes.map(({ node }) => node)
        .sort(),
    )
    .toEqual(['w1', 'w2']);
  await expect(w1.call('ask', 'w2')).rejects.toThrow(/the question was refused/);
});
