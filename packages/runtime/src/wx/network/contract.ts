import { contract } from '../contract.ts';
import { bytes, either, flag, list, number, oneOf, optional, record, text } from '../schema.ts';

const headers = record(text());
/** Milliseconds. */
const timeout = number();
const head = { statusCode: number(), header: headers };

/** HTTP, all through the relay. */
export const networkContract = contract({
  calls: {
    request: {
      params: {
        url: text(),
        method: text(),
        header: headers,
        /** Body as it goes over the wire; absent for none. */
        data: optional(either(text(), bytes())),
        responseType: oneOf('text', 'arraybuffer'),
        timeout,
        /** The body comes as progress, piece by piece, and the result has none. */
        chunked: optional(flag()),
      },
      result: { ...head, cookies: list(text()), data: either(text(), bytes()) },
      progress: { headers: { ...head, cookies: list(text()) }, chunk: { data: bytes() } },
    },
    uploadFile: {
      params: { url: text(), filePath: text(), name: text(), header: headers, formData: headers, timeout },
      result: { ...head, data: text() },
      progress: {
        headers: head,
        progress: { progress: number(), totalBytesSent: number(), totalBytesExpectedToSend: number() },
      },
    },
    downloadFile: {
      params: { url: text(), header: headers, timeout },
      result: { ...head, tempFilePath: text() },
      progress: {
        headers: head,
        progress: { progress: number(), totalBytesWritten: number(), totalBytesExpectedToWrite: number() },
      },
    },
    /** Aborts the running call with this id. */
    abort: { params: { id: number() } },
  },
});
