import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/**
 * Writes a body beside its place and renames it there, so that a kill leaves the file before or the file after.
 *
 * @param part name while it is written
 * @param limit bytes
 * @returns false when the body is longer; nothing is kept then
 * @throws what the disk says; nothing is kept then
 */
export async function receiveFile(body: Readable, part: string, place: string, limit: number): Promise<boolean> {
  let size = 0;
  try {
    await pipeline(
      body,
      async function* bounded(source: AsyncIterable<Buffer>) {
        for await (const chunk of source) {
          size += chunk.length;
          if (size > limit) throw new Error(`longer than ${limit} bytes`);
          yield chunk;
        }
      },
      createWriteStream(part),
    );
    await rename(part, place);
    return true;
  } catch (error) {
    await rm(part, { force: true });
    if (size > limit) return false;
    throw error;
  }
}
