import type { EncodedBatch } from '@sparrow/protocol';
import type { FlatOps } from './tree-ops.ts';

/** How a batch of tree changes crosses the bridge. The only place that knows; replace it to change the encoding. */
export interface TreeCodec {
  encode(ops: FlatOps): EncodedBatch;
  decode(batch: EncodedBatch): FlatOps;
}

/** To another thread: one JSON string, which browsers copy and parse faster than they clone many small arrays. */
export const jsonTreeCodec: TreeCodec = {
  encode: (ops) => JSON.stringify(ops),
  decode: (batch) => JSON.parse(batch as string) as FlatOps,
};

/** Inside one thread: as it is. */
export const directTreeCodec: TreeCodec = {
  encode: (ops) => ops,
  decode: (batch) => batch as FlatOps,
};
