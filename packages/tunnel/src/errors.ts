import { type ErrorWords, SparrowError } from '@sparrow/core';
import { TUNNEL_ERRORS_ZH } from './errors.zh.ts';

/** Everything that goes wrong in a tunnel and that a developer should read about. */
export type TunnelErrorCode =
  /** A call without a valid signature, or of an unknown app. */
  | 'SIGNATURE_WRONG'
  /** A call whose body or data is not what the protocol says. */
  | 'REQUEST_INVALID'
  /** A receiveUrl that is not an address of the app itself. */
  | 'RECEIVE_URL_REFUSED'
  /** A socket for an id that was never handed out, has expired, is in use or is closed. */
  | 'TUNNEL_UNKNOWN'
  /** The backend could not be reached or answered with anything but 2xx. */
  | 'CALLBACK_FAILED'
  /** The backend did not answer in time. */
  | 'CALLBACK_LATE'
  /** More messages wait for the backend than a tunnel may hold. */
  | 'BACKEND_TOO_SLOW'
  /** More bytes wait for the client than a tunnel may hold. */
  | 'CLIENT_TOO_SLOW'
  /** Nothing was heard of the client for twice the heartbeat. */
  | 'CLIENT_SILENT'
  /** A frame that is too big, binary, or no packet of the protocol. */
  | 'FRAME_REFUSED'
  /** The service holds as many tunnels as it may. */
  | 'TUNNELS_FULL';

export class TunnelError extends SparrowError<TunnelErrorCode> {
  get chinese(): ErrorWords {
    const words: Record<TunnelErrorCode, ErrorWords> = TUNNEL_ERRORS_ZH;
    return words[this.code];
  }
}
