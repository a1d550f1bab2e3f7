import { ApiFailure, shouldBe } from '../../service/wx/api.ts';
import { asyncFunction, service, syncFunction } from '../../service/wx/define.ts';
import { number } from '../schema.ts';
import { fromBase64, toBase64 } from './bytes.ts';

/** What the random source of a browser gives at once, and more than the reference allows. */
const RANDOM_LIMIT = 65_536;

/** Base64 and random values. */
export const encodingService = service({
  base64ToArrayBuffer: syncFunction((_wx, text: unknown) => {
    if (typeof text !== 'string') throw shouldBe('String', text);
    const bytes = fromBase64(text);
    if (!bytes) throw new ApiFailure('invalid base64');
    return bytes.buffer;
  }),
  arrayBufferToBase64: syncFunction((_wx, data: unknown) => {
    if (!(data instanceof ArrayBuffer)) throw shouldBe('ArrayBuffer', data);
    return toBase64(new Uint8Array(data));
  }),
  getRandomValues: asyncFunction({ length: number() }, (_wx, { length }) => {
    if (!Number.isInteger(length) || length < 0 || length > RANDOM_LIMIT) throw new ApiFailure('invalid length');
    return { randomValues: crypto.getRandomValues(new Uint8Array(length)).buffer };
  }),
});
