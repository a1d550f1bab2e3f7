import type { Words } from './chinese.ts';

/** Addresses of the control server and shapes that all its HTTP answers share. */

/** Port `sparrow dev` asks for first; when it is taken the next ones are tried. */
export const DEFAULT_PORT = 7700;

/**
 * Paths under the control server's address. Those of backends need `Authorization: Bearer <SPARROW_TOKEN>` or a
 * signature.
 */
export const PATHS = {
  sessionLogin: '/session/v1/login',
  sessionCheck: '/session/v1/check',
  sessionDecrypt: '/session/v1/decrypt',
  /** PUT raw bytes (query `name`) or POST multipart with one file field. */
  fileUpload: '/files/v1/upload',
  /** GET, followed by `<app>/<env>/<file name>`; no token, the names are not guessable. */
  files: '/files/',
  /** GET, followed by `<user>.svg`: pictures of the built-in fake WeChat's users. */
  avatars: '/avatars/',
  /** Base of the tunnel service, the `tunnelServerUrl` of Wafer. */
  tunnel: '/tunnel',
  /** Followed by a tunnel id: the socket of a client. */
  tunnelSocket: '/tunnel/ws/',
  /** Everything under it needs the bearer token of `.sparrow/token`. */
  api: '/api/v1/',
} as const;

/**
 * Body of every answer of the control server that is an error, tunnel answers aside (they keep Wafer's `{code,
 * message}`).
 */
export interface ErrorBody {
  error: {
    /** From the closed set of the package that raised it. */
    code: string;
    message: string;
    /** What to do about it. */
    hint: string;
    /** What the code means and what to do, in Chinese. */
    chinese?: Words;
  };
}

/** `.sparrow/run.json`: who runs on this folder now. Written when ready, removed by a clean end. */
export interface RunFile {
  pid: number;
  port: number;
  url: string;
  /** Only when the LAN was opened. */
  lanUrl?: string;
  app: string;
  env: string;
  /** Milliseconds UTC. */
  startedAt: number;
  /** The backend's process, so that the next start can end one that outlived a kill -9. */
  backend?: { pid: number; startTime: string };
}

/** What an uploaded file became. */
export interface StoredFile {
  /** Address a client can load it from. */
  url: string;
  /** Name in the store, `file_<ulid>.<ext>`. */
  key: string;
  /** Name the client gave. */
  name: string;
  /** Found by looking at the first bytes. */
  mimeType: string;
  /** Bytes. */
  size: number;
}
