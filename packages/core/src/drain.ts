import type { Readable } from 'node:stream';

/** A body of more bytes than this is cut off all the same. */
const DRAIN_LIMIT = 256 << 20;
const DRAIN_MS = 60_000;

/**
 * Reads a body that was refused to its end and drops it. Whoever still sends it would otherwise meet a broken connection
 * and never read the answer that says why. Ends by itself when the body does, is broken off, or goes on for too long.
 */
export async function drain(body: Readable): Promise<void> {
  if (body.readableEnded || body.destroyed) return;
  let size = 0;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => body.destroy(), DRAIN_MS);
    const done = (): void => {
      clearTimeout(timer);
      resolve();
    };
    body.once('end', done).once('close', done).once('error', done);
    body.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > DRAIN_LIMIT) body.destroy();
    });
    // Who read it before may have left it paused.
    body.resume();
  });
}

/**
 * The chunks of a body. Leaving the loop early does not break the connection off, so that the rest can be drained.
 *
 * @example for await (const chunk of chunksOf(request)) { … }
 */
export function chunksOf(body: Readable): AsyncIterable<Buffer> {
  return body.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
}
