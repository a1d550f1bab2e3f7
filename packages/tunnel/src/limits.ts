/** Bounds of the tunnel service. Everything that waits has a bound, and what happens at it is said here. */
export interface TunnelLimits {
  /** Bytes of one frame from a client; more closes its socket with 1009. Also the longest content of a push. */
  maxFrameBytes: number;
  /** Messages of one tunnel that wait for the backend; one more closes the socket with 1013, those waiting are delivered. */
  maxQueued: number;
  /** The same in characters of their contents. */
  maxQueuedChars: number;
  /** Bytes that wait for one client; more ends its socket (1013), since it does not read. */
  maxBufferedBytes: number;
  /** Time between handing out an id and the socket that uses it; later the id is forgotten. */
  connectWithinMs: number;
  /** N of `timeout:N`: seconds between pings. A client silent for twice as long is dropped. */
  heartbeatSeconds: number;
  /** From the start of a callback to its answer, waiting for the backend to come up included. */
  callbackMs: number;
  /** Callbacks to one backend that run at the same time. */
  callbackSockets: number;
  /** Message callbacks in a row that may fail before the socket is closed (1011), so that the client comes back anew. */
  maxFailures: number;
  /** Frames of one client that are no packets before its socket is closed (1008). */
  maxGarbage: number;
  /** Tunnels of all apps together; more are refused. */
  maxTunnels: number;
}

export const DEFAULT_LIMITS: TunnelLimits = {
  maxFrameBytes: 1024 * 1024,
  maxQueued: 256,
  maxQueuedChars: 4 * 1024 * 1024,
  maxBufferedBytes: 4 * 1024 * 1024,
  connectWithinMs: 5 * 60_000,
  heartbeatSeconds: 15,
  callbackMs: 10_000,
  callbackSockets: 64,
  maxFailures: 3,
  maxGarbage: 32,
  maxTunnels: 50_000,
};

/** Close codes of RFC 6455 section 7.4.1 as this service uses them. */
export const CLOSE = {
  normal: 1000,
  goingAway: 1001,
  policy: 1008,
  tooBig: 1009,
  backend: 1011,
  restart: 1012,
  overload: 1013,
} as const;
