import type { FileLayer } from './file-layer.ts';
import { decodePayload } from './layout.ts';
import { type Overlay, textOf } from './overlay.ts';
import { replayLog } from './segments.ts';

/** Puts what the log has behind `applied` in front of LMDB, for who only reads; answers the last change there is. */
export async function readTail(files: FileLayer, applied: number, overlay: Overlay): Promise<number> {
  const { sequence } = await replayLog({
    files,
    applied,
    onRecord(own, payload) {
      overlay.settle(
        decodePayload(payload).map(({ key, value }) => ({ text: textOf(key), key, value, sequence: own })),
      );
    },
  });
  return sequence;
}
