/** NATS and Redis at the same work as router-host.ts: `peer-host.ts nats|trunk|redis tx|rx <address>`. */
import { connect as connectNats } from '@nats-io/transport-node';
import { FLOOD } from './hosts.ts';
import { connectRedis, createRedisChannels } from './redis-client.ts';

const [kind = '', role = '', address = ''] = process.argv.slice(2);
const PAYLOAD = new Uint8Array(64);
const SUBJECTS = 1_000;
const CREDIT = 1024;
const FRAMES = kind === 'trunk' ? 384 : 1;

interface Plane {
  publish(subject: string, bytes: Uint8Array): void;
  subscribe(
    subject: string,
    onMessage: (bytes: Uint8Array, subject: string, answer: (bytes: Uint8Array) => void) => void,
  ): Promise<void>;
  request(subject: string, bytes: Uint8Array): Promise<unknown>;
}

async function natsPlane(): Promise<Plane> {
  const connection = await connectNats({ servers: [address] });
  return {
    publish: (subject, bytes) => connection.publish(subject, bytes),
    async subscribe(subject, onMessage) {
      connection.subscribe(subject, {
        callback: (_error, message) => onMessage(message.data, message.subject, (bytes) => message.respond(bytes)),
      });
      await connection.flush();
    },
    request: (subject, bytes) => connection.request(subject, bytes, { timeout: 10_000 }),
  };
}

/** An answer goes to a channel of the asker, with the question's number in front. */
async function redisPlane(): Promise<Plane> {
  const connected = async () => createRedisChannels(await connectRedis(Number(address)));
  const [publisher, subscriber] = [await connected(), await connected()];
  const waiting = new Map<number, () => void>();
  let last = 0;
  if (role === 'tx')
    await subscriber.subscribe('answers', (bytes) => {
      const number = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
      waiting.get(number)?.();
      waiting.delete(number);
    });
  return {
    publish: (subject, bytes) => publisher.publish(subject, bytes),
    subscribe: (subject, onMessage) =>
      subscriber.subscribe(subject, (bytes) =>
        onMessage(bytes, subject, (answer) => publisher.publish('answers', answer)),
      ),
    request(subject, bytes) {
      const number = ++last;
      const numbered = Uint8Array.from(bytes);
      new DataView(numbered.buffer).setUint32(0, number);
      return new Promise<void>((resolve) => {
        waiting.set(number, resolve);
        publisher.publish(subject, numbered);
      });
    },
  };
}

const plane = kind === 'redis' ? await redisPlane() : await natsPlane();
const prefix = kind;
let confirmed = 0;
let received = 0;
if (role === 'rx') {
  const count = (bytes: Uint8Array): void => {
    const before = Math.floor(received / CREDIT);
    received += kind === 'trunk' ? Math.round(bytes.byteLength / 100) : 1;
    for (let at = before; at < Math.floor(received / CREDIT); at++)
      plane.publish(`${prefix}.credit`, PAYLOAD.subarray(0, 4));
  };
  for (let index = 0; index < (kind === 'trunk' ? 1 : SUBJECTS); index++) {
    await plane.subscribe(`${prefix}.obj.${index}`, count);
    await plane.subscribe(`${prefix}.ask.${index}`, (bytes, _subject, answer) => answer(bytes));
  }
} else await plane.subscribe(`${prefix}.credit`, () => void (confirmed += CREDIT));

async function flood(ms: number): Promise<{ sent: number; ms: number }> {
  const first = confirmed;
  let sent = 0;
  let at = 0;
  const batch = new Uint8Array(FRAMES * 100);
  const subjects = Array.from({ length: SUBJECTS }, (_, index) => `${prefix}.obj.${index}`);
  const started = performance.now();
  await new Promise<void>((resolve) => {
    const step = (): void => {
      const left = sent - (confirmed - first);
      const now = performance.now() - started;
      if (now > ms) {
        if (left < CREDIT || now > ms + 3_000) resolve();
        else setTimeout(step, 1);
        return;
      }
      for (let burst = 0; burst < FLOOD.burst && sent - (confirmed - first) < FLOOD.window; burst += FRAMES) {
        plane.publish(
          kind === 'trunk' ? (subjects[0] as string) : (subjects[at] as string),
          kind === 'trunk' ? batch : PAYLOAD,
        );
        at = (at + 1) % SUBJECTS;
        sent += FRAMES;
      }
      setImmediate(step);
    };
    step();
  });
  return { sent: confirmed - first, ms: performance.now() - started };
}

async function ask(ms: number, inFlight: number): Promise<{ count: number; ms: number }> {
  let count = 0;
  const started = performance.now();
  await Promise.all(
    Array.from({ length: inFlight }, async (_, index) => {
      for (let turn = index; performance.now() - started < ms; turn++) {
        await plane.request(`${prefix}.ask.${turn % SUBJECTS}`, PAYLOAD);
        count++;
      }
    }),
  );
  return { count, ms: performance.now() - started };
}

process.on('message', ({ id, command }: { id: number; command: { op: string; ms: number; inFlight: number } }) => {
  const answer = (value: unknown): void => void process.send?.({ id, value });
  if (command.op === 'usage') {
    const { user, system } = process.cpuUsage();
    answer({ cpuUs: user + system });
  } else if (command.op === 'flood') void flood(command.ms).then(answer);
  else void ask(command.ms, command.inFlight).then(answer);
});
process.once('disconnect', () => process.exit(0));
process.send?.({ ready: true });
