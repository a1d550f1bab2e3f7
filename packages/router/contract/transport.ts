import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BLOCKED, type Listener, type Transport, type Wire } from '../src/transports/transport.ts';

export interface TransportCase {
  name: string;
  /** Two transports whose ends reach each other, and an address to listen on. */
  start(): Promise<{ server: Transport; client: Transport; address: string; stop(): Promise<void> }>;
  /** A transport that has one wire only cannot be dialled twice. */
  isSingle?: boolean;
}

interface End {
  wire: Wire;
  bytes(): Uint8Array;
  downs: string[];
  drains: number;
}

const pair = (wire: Wire, keep = true): End => {
  const chunks: Uint8Array[] = [];
  const end: End = { wire, bytes: () => Buffer.concat(chunks), downs: [], drains: 0 };
  wire.start({
    data: (chunk) => void (keep && chunks.push(chunk)),
    drain: () => void end.drains++,
    down: (reason) => void end.downs.push(reason),
  });
  return end;
};

/** What every Transport must do. */
export function transportContract({ name, start }: TransportCase): void {
  describe(`transport: ${name}`, () => {
    const opened: { stop(): Promise<void> }[] = [];
    let listener: Listener;
    async function connect(): Promise<{ here: End; there: End; client: Transport }> {
      const engine = await start();
      opened.push(engine);
      const accepted = Promise.withResolvers<End>();
      listener = await engine.server.listen(engine.address, (wire) => accepted.resolve(pair(wire)));
      const here = pair(await engine.client.dial(listener.address));
      // Some accept with the first bytes only.
      here.wire.write(Uint8Array.of(1));
      return { here, there: await accepted.promise, client: engine.client };
    }
    beforeAll(() => {});
    afterAll(async () => {
      await Promise.all(opened.map((engine) => engine.stop()));
    });

    it('carries bytes both ways, all of them and in order', async () => {
      const { here, there } = await connect();
      const sent = [Uint8Array.of(1)];
      for (let index = 0; index < 200; index++) {
        const bytes = new Uint8Array(1 + ((index * 977) % 5_000)).map((_, at) => (at * 31 + index) & 255);
        sent.push(bytes.slice());
        here.wire.write(bytes);
        if (index % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 2));
      }
      const expected = Buffer.concat(sent);
      await expect.poll(() => there.bytes().byteLength).toBe(expected.byteLength);
      expect(Buffer.compare(there.bytes(), expected)).toBe(0);
      there.wire.write(Uint8Array.of(7, 8, 9));
      await expect.poll(() => [...here.bytes()]).toEqual([7, 8, 9]);
    });

    it('says BLOCKED to whoever outruns the other end, and drain when it goes on', async () => {
      const { here, there } = await connect();
      there.wire.pause();
      let result: number = 0;
      let written = 1;
      for (let index = 0; index < 2_000 && result !== BLOCKED; index++) {
        result = here.wire.write(new Uint8Array(64 * 1024));
        written += 64 * 1024;
      }
      expect(result).toBe(BLOCKED);
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(here.drains).toBe(0);
      there.wire.resume();
      await expect.poll(() => here.drains).toBe(1);
      await expect.poll(() => there.bytes().byteLength).toBe(written);
    });

    it('delivers what was written before a close, then says down once at both ends', async () => {
      const { here, there } = await connect();
      here.wire.write(new Uint8Array(100_000));
      here.wire.close();
      await expect.poll(() => there.downs.length).toBe(1);
      expect(there.bytes().byteLength).toBe(100_001);
      await expect.poll(() => here.downs.length).toBe(1);
      here.wire.write(Uint8Array.of(1));
      here.wire.destroy();
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect([here.downs.length, there.downs.length]).toEqual([1, 1]);
    });

    it('says when nobody listens', async () => {
      const { client } = await connect();
      await listener.close();
      await expect(client.dial(listener.address, 1_000)).rejects.toMatchObject({ code: 'ADDRESS_FAILED' });
    });
  });
}
