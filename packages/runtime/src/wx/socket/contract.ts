import { contract } from '../contract.ts';
import { bytes, either, list, number, optional, record, text } from '../schema.ts';

/** WebSockets, through the relay. */
export const socketContract = contract({
  calls: {
    /** Runs as long as the socket lives; what happens to it comes as progress. */
    connectSocket: {
      params: {
        url: text(),
        header: record(text()),
        protocols: list(text()),
        /** Milliseconds. */
        timeout: number(),
        socketId: number(),
      },
      result: { header: record(text()) },
      progress: {
        open: { header: record(text()) },
        message: { data: either(text(), bytes()) },
        error: { errMsg: optional(text()) },
        close: { code: number(), reason: text() },
      },
    },
    sendSocketMessage: { params: { socketId: number(), data: either(text(), bytes()) } },
    closeSocket: { params: { socketId: number(), code: number(), reason: text() } },
  },
});
