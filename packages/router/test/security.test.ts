import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { temporaryFolder } from '@sparrow/testkit';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createLocalCoordination } from '../src/coordinators/local.ts';
import { WIRE_CODES } from '../src/errors.ts';
import { encodeFrame, wordBytes } from '../src/frames/frame.ts';
import { KIND } from '../src/frames/layout.ts';
import {
  createNode,
  createRouter,
  createTcpTransport,
  objectId,
  type RouterOptions,
  type TlsOptions,
} from '../src/index.ts';
import type { Identity } from '../src/links/link.ts';
import { openLink } from '../src/links/open-link.ts';
import { typeNumber } from '../src/table/object-id.ts';

async function start(options: Partial<RouterOptions> = {}, tls?: TlsOptions) {
  const transport = createTcpTransport(tls ? { tls } : {});
  const log: string[] = [];
  const router = await createRouter({
    set: 'a',
    name: 'r1',
    coordinator: createLocalCoordination().createCoordinator(),
    listen: [{ transport, address: '127.0.0.1:0' }],
    key: 'right',
    log: (line) => void log.push(line),
    ...options,
  });
  onTestFinished(async () => {
    await router.close();
    await transport.close();
  });
  const node = async (name: string, key = 'right', own?: TlsOptions) => {
    const created = createNode({
      set: 'a',
      name,
      types: { Obj: undefined },
      transport: createTcpTransport(own ? { tls: own } : {}),
      routers: [router.address],
      key,
    });
    onTestFinished(() => created.destroy());
    return created;
  };
  return { router, log, node };
}

const identity: Identity = { role: 'node', set: 'a', name: 'evil', incarnation: 'x', types: ['Obj'] };

describe('links', () => {
  it('open only between those who know the key', async () => {
    const { log, node } = await start();
    await (await node('good')).ready(5_000);
    await expect((await node('bad', 'wrong')).ready(700)).rejects.toMatchObject({ code: 'UNREACHABLE' });
    await expect.poll(() => log.some((line) => line.includes('refused'))).toBe(true);
  });

  it('are refused by a node whose router does not know the key: a false router learns nothing', async () => {
    const { router } = await start({ key: 'another' });
    const transport = createTcpTransport();
    const dialled = transport.dial(router.address);
    await expect(openLink(await dialled, 'dial', { self: identity, key: 'right' })).rejects.toMatchObject({
      code: 'LINK_REFUSED',
    });
    await transport.close();
  });

  it('open over TLS only with a certificate of our own authority', async () => {
    const folder = await temporaryFolder('tls');
    onTestFinished(() => folder.remove());
    const ssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder.path, stdio: 'ignore' });
    const authority = (name: string): void => {
      ssl(
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:prime256v1',
        '-nodes',
        '-days',
        '2',
        '-subj',
        `/CN=${name}`,
        '-keyout',
        `${name}.key`,
        '-out',
        `${name}.crt`,
      );
    };
    const certificate = (name: string, signer: string): void => {
      ssl(
        'req',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:prime256v1',
        '-nodes',
        '-subj',
        '/CN=sparrow-router',
        '-addext',
        'subjectAltName=DNS:sparrow-router',
        '-keyout',
        `${name}.key`,
        '-out',
        `${name}.csr`,
      );
      ssl(
        'x509',
        '-req',
        '-in',
        `${name}.csr`,
        '-CA',
        `${signer}.crt`,
        '-CAkey',
        `${signer}.key`,
        '-CAcreateserial',
        '-copy_extensions',
        'copy',
        '-days',
        '2',
        '-out',
        `${name}.crt`,
      );
    };
    authority('ours');
    authority('theirs');
    certificate('router', 'ours');
    certificate('node', 'ours');
    certificate('stranger', 'theirs');
    const files = (name: string): TlsOptions => ({
      cert: readFileSync(join(folder.path, `${name}.crt`)),
      key: readFileSync(join(folder.path, `${name}.key`)),
      ca: readFileSync(join(folder.path, 'ours.crt')),
    });
    const { node } = await start({}, files('router'));
    await (await node('good', 'right', files('node'))).ready(5_000);
    await expect((await node('stranger', 'right', files('stranger'))).ready(700)).rejects.toMatchObject({
      code: 'UNREACHABLE',
    });
  });

  it('end when what comes is no frame, too long, or not allowed there; others go on', async () => {
    const { router, node } = await start();
    const good = await node('good');
    await good.ready();
    await good.register('Obj', '1', { ask: () => Uint8Array.of(7) });
    const [host, port] = router.address.split(':') as [string, string];
    for (const bytes of [
      Buffer.from('GET / HTTP/1.1\r\n\r\n'),
      Buffer.alloc(200, 255),
      Buffer.from([40, 0, 0, 0, 99]),
    ]) {
      const socket = connect({ host, port: Number(port) });
      socket.on('error', () => {});
      socket.resume();
      socket.write(bytes.byteLength < 36 ? Buffer.concat([bytes, Buffer.alloc(40)]) : bytes);
      await new Promise((resolve) => socket.once('close', resolve));
    }
    for (const frame of [
      // Longer than any frame may be; a table of a router; words that are no entries.
      Uint8Array.of(255, 255, 255, 127, ...new Uint8Array(40)),
      encodeFrame({ kind: KIND.increment, call: 1 }),
      encodeFrame({ kind: KIND.groups }, new TextEncoder().encode('{no json')),
    ]) {
      const transport = createTcpTransport();
      const link = await openLink(await transport.dial(router.address), 'dial', { self: identity, key: 'right' });
      const down = new Promise<void>((resolve) => link.handle({ frame: () => {}, down: () => resolve() }));
      link.wire.write(frame);
      await down;
      await transport.close();
    }
    expect([...(await good.self.ask(objectId('Obj', '1'), 1, new Uint8Array(0)))]).toEqual([7]);
  });

  it('let a node register only the types that it declared', async () => {
    const { router } = await start();
    const transport = createTcpTransport();
    const link = await openLink(await transport.dial(router.address), 'dial', { self: identity, key: 'right' });
    const answer = new Promise<number>((resolve) =>
      link.handle({
        frame: (frame) =>
          frame.kind === KIND.registered && resolve(new Uint32Array(frame.copyPayload().buffer)[0] as number),
        down: () => {},
      }),
    );
    const id = objectId('Admin', '1');
    link.sendHeader(
      { kind: KIND.register, call: 1 },
      wordBytes(Uint32Array.of(id.low, id.high, id.check, 0, 0, typeNumber('Admin') << 16)),
    );
    expect(await answer).toBe(10);
    expect(router.routes).toBe(0);
    await transport.close();
  });

  it('refuse the second of two names that share the 64 bits of an id, and let the first alone', async () => {
    const { router, node } = await start();
    const good = await node('good');
    await good.ready();
    await good.register('Obj', '1', { ask: () => Uint8Array.of(7) });
    const transport = createTcpTransport();
    const link = await openLink(await transport.dial(router.address), 'dial', { self: identity, key: 'right' });
    const { low, high, check } = objectId('Obj', '1');
    // No two such names are known, so the frame that a node would send for one is made by hand.
    for (const policy of [0, 1]) {
      const answer = new Promise<number>((resolve) =>
        link.handle({
          frame: (frame) =>
            frame.kind === KIND.registered && resolve(new Uint32Array(frame.copyPayload().buffer)[0] as number),
          down: () => {},
        }),
      );
      const entry = Uint32Array.of(low, high, check ^ 1, 0, 0, typeNumber('Obj') << 16);
      link.sendHeader({ kind: KIND.register, method: policy, call: 1 + policy }, wordBytes(entry));
      expect(WIRE_CODES[await answer]).toBe('COLLISION');
    }
    expect([...(await good.self.ask(objectId('Obj', '1'), 1, new Uint8Array(0)))]).toEqual([7]);
    await transport.close();
  });

  it('bound a flood: it is read at its own pace, and a slow receiver costs refusals, not memory', async () => {
    const { router, node } = await start({ limits: { queueBytes: 256 * 1024, readBytesPerSecond: 20_000_000 } });
    const [flooder, slow, calm] = [await node('flooder'), await node('slow'), await node('calm')];
    await Promise.all([flooder.ready(), slow.ready(), calm.ready()]);
    let got = 0;
    await slow.register('Obj', 'slow', {
      tell: async () => {
        got++;
        await new Promise((resolve) => setTimeout(resolve, 20));
      },
    });
    await calm.register('Obj', 'calm', { ask: () => Uint8Array.of(1) });
    let refused = 0;
    const source = await flooder.register('Obj', 'source', { refused: () => void refused++ });
    let sent = 0;
    let full = 0;
    const end = performance.now() + 1_000;
    while (performance.now() < end) {
      for (let burst = 0; burst < 200; burst++)
        try {
          source.self.tell(objectId('Obj', 'slow'), 1, new Uint8Array(500));
          sent++;
        } catch {
          full++;
        }
      await new Promise((resolve) => setImmediate(resolve));
    }
    // The calm ones are answered meanwhile.
    const asked = performance.now();
    await calm.self.ask(objectId('Obj', 'calm'), 1, new Uint8Array(0));
    expect(performance.now() - asked).toBeLessThan(5_000);
    await expect.poll(() => got + refused + 1_100 >= sent).toBe(true);
    expect(refused + full).toBeGreaterThan(0);
    for (const link of router.topology().links) expect(link.waiting).toBeLessThan(2 * 1024 * 1024);
  });

  it('replace state that waits instead of piling it up', async () => {
    const { node } = await start();
    const [a, b] = [await node('a'), await node('b')];
    await Promise.all([a.ready(), b.ready()]);
    const seen: number[] = [];
    await b.register('Obj', 'b', { tell: (message) => void seen.push(message.payload[0] as number) });
    const source = await a.register('Obj', 'a', {});
    // All within one turn: they wait for the same write.
    for (let value = 0; value < 50; value++) source.self.sendState(objectId('Obj', 'b'), 1, Uint8Array.of(value));
    source.self.sendState(objectId('Obj', 'b'), 2, Uint8Array.of(99));
    await expect.poll(() => seen).toEqual([49, 99]);
  });
});
