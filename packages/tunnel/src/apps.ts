/** An app that may use the tunnel. */
export interface TunnelApp {
  id: string;
  /** md5hex of its server host: how calls name it. */
  tcId: string;
  /** tunnelSignatureKey: signs calls in both directions. */
  key: string;
}

/** Where a callback goes. */
export interface CallbackTarget {
  /** Address that is really dialled, e.g. `http://127.0.0.1:41234`. */
  origin: string;
  /** Path with query. */
  path: string;
  headers?: Record<string, string>;
}

/**
 * What the tunnel knows of apps, handed in by whoever runs it. The tunnel never dials a receiveUrl: it asks here for the
 * backend that the address means, anew for every callback, so that a restarted or newly released backend takes over.
 */
export interface TunnelApps {
  find(tcId: string): TunnelApp | undefined;
  /** Whether receiveUrl is an address of this very app. */
  accepts(app: TunnelApp, receiveUrl: string): boolean;
  /** The backend that answers this address now; undefined while there is none (asked again until the callback's deadline). */
  target(app: TunnelApp, receiveUrl: string): CallbackTarget | undefined;
}
