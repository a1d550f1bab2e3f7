import { open, rename, rm } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { chunksOf, drain } from '@sparrow/core/drain';

/**
 * Writes a body beside its place and renames it there, so that a kill leaves the file before or the file after.
 *
 * @param part name while it is written
 * @param limit bytes
 * @returns its size; undefined when the body is longer than the limit, and nothing is kept then
 * @throws what the disk says; nothing is kept then
 */
export async function receiveFile(
  body: Readable,
  part: string,
  place: string,
  limit: number,
): Promise<number | undefined> {
  let size = 0;
  try {
    const file = await open(part, 'w', 0o600);
    try {
      for await (const chunk of chunksOf(body)) {
        size += chunk.length;
        if (size > limit) break;
        await file.write(chunk);
      }
    } finally {
      await file.close();
    }
    if (size <= limit) {
      await rename(part, place);
      return size;
    }
  } catch (error) {
    await rm(part, { force: true });
    await drain(body);
    throw error;
  }
  await rm(part, { force: true });
  await drain(body);
  return undefined;
}
