import { contract } from '../contract.ts';
import { flag, list, optional, text } from '../schema.ts';

/**
 * Codes. The camera is simulated: the user picks a picture, which is read where the browser can, or types what the code
 * says.
 */
export const scanContract = contract({
  calls: {
    scanCode: {
      params: { onlyFromCamera: flag(), scanType: list(text()) },
      result: {
        ...{ result: text(), scanType: text(), charSet: text() },
        /** Base64 of the bytes. */
        rawData: text(),
        /** Of a code of this mini program: the page with its query. */
        path: optional(text()),
      },
    },
  },
});
