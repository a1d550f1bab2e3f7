import { MAX_FRAME_BYTES } from '../frames/layout.ts';

export interface LinkLimits {
  /** Bytes that may wait for the link in the classes call and state (default 8 MiB each). */
  queueBytes: number;
  /** Bytes of control frames that may wait; more end the link (default 64 MiB). */
  controlBytes: number;
  /** Largest frame, bytes (default 1 MiB). */
  frameBytes: number;
  /** Bytes a second that are read from the link at most; more wait in the sender's socket (default no limit). */
  readBytesPerSecond: number;
  /** A ping goes out after this silence; three of them unanswered end the link (default 500 ms). */
  heartbeatMs: number;
}

export const DEFAULT_LIMITS: LinkLimits = {
  queueBytes: 8 * 1024 * 1024,
  controlBytes: 64 * 1024 * 1024,
  frameBytes: MAX_FRAME_BYTES,
  readBytesPerSecond: Number.POSITIVE_INFINITY,
  heartbeatMs: 500,
};

export interface LinkCounters {
  framesIn: number;
  bytesIn: number;
  framesOut: number;
  bytesOut: number;
  writes: number;
  /** Frames that found no room. */
  full: number;
  superseded: number;
}
