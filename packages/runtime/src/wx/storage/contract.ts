import { contract } from '../contract.ts';
import { object, oneOf, text } from '../schema.ts';

/** The logic layer has answered already; these write it down. */
export const storageContract = contract({
  calls: {
    setStorage: {
      params: {
        key: text(),
        value: object({
          type: oneOf('String', 'Number', 'Boolean', 'Object', 'Array', 'Date', 'Undefined', 'Null'),
          data: text(),
        }),
      },
    },
    removeStorage: { params: { key: text() } },
    clearStorage: {},
  },
});
