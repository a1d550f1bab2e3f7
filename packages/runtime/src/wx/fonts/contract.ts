import { contract } from '../contract.ts';
import { bytes, number, record, text } from '../schema.ts';

export const fontsContract = contract({
  calls: {
    /** The bytes of a font of the network, the package or the user folder. */
    fetchFont: { params: { source: text() }, result: { data: bytes() } },
    /** Lets a page's view use it. `descriptors`: style, weight, variant. */
    showFont: {
      params: { pageId: number(), family: text(), data: bytes(), descriptors: record(text()) },
    },
  },
});
