import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { PATHS } from '@sparrow/protocol';
import { CloudError } from '../errors.ts';

/** Which listener a request came in by. */
export type Door = 'local' | 'lan';

/** Where a request may go. `path` is raw, with query. */
export type Passage = { kind: 'control'; path: string } | { kind: 'ingress'; path: string };

export interface GuardOptions {
  app: string;
  env: string;
  port: number;
  /** Bearer token of `/api/v1`. */
  token: string;
  /** Token that lets the LAN in, and the hosts (`ip:port`) it may call us by. */
  lan: { token: string; hosts: readonly string[] };
}

export interface Guard {
  /**
   * Says where a request may go, or refuses it.
   *
   * - Host must be one of ours: a page of another site that points its own name at 127.0.0.1 (DNS rebinding) gets nothing.
   * - Origin, when there is one, must be ours: other sites cannot post to us from a browser.
   * - `/api/v1/*` needs the token, as `Authorization: Bearer` or, for WebSockets, as `?token=`.
   * - The LAN reaches the app's ingress, tunnel sockets, files and avatars, and what was opened with `allowOnLan` (by LAN token).
   *
   * @throws CloudError ORIGIN_REFUSED, TOKEN_INVALID, LAN_REFUSED, NOT_FOUND.
   */
  check(request: IncomingMessage, door: Door): Passage;
  /** Opens a path prefix to the LAN, for holders of its token (`?lan=` once, then the cookie it sets). */
  allowOnLan(prefix: string): void;
  /**
   * Opens a path prefix for reading to frames of opaque origin, on the machine and in the LAN. Such a frame sends neither our
   * Origin nor our cookie, so what stands there must be harmless or have names that cannot be guessed.
   */
  allowFrames(prefix: string): void;
  /** Whether the request brings the LAN token in its query, so that the answer should set the cookie. */
  bringsLanToken(request: IncomingMessage): boolean;
}

/** Cookie that carries the LAN token after the first request. */
export const LAN_COOKIE = 'sparrow_lan';

/** Loaded by pages of opaque origin and by other devices; their names cannot be guessed, or hold nothing. */
const PUBLIC_PATHS: readonly string[] = [PATHS.files, PATHS.avatars];

export function createGuard(options: GuardOptions): Guard {
  const { app, env, port } = options;
  const ingressHost = `${app}.${env}.localhost:${port}`;
  const controlHosts = new Set([`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`]);
  const ingressPrefix = `/@${app}/${env}`;
  const lanPrefixes: string[] = [];
  const publicPrefixes = [...PUBLIC_PATHS];

  function checkOrigin(request: IncomingMessage, host: string, path: string): void {
    const { origin } = request.headers;
    if (origin === undefined) return;
    if (origin === `http://${host}`) return;
    if (controlHosts.has(host) && controlHosts.has(origin.replace(/^http:\/\//, ''))) return;
    const reads = request.method === 'GET' || request.method === 'HEAD';
    if (reads && publicPrefixes.some((prefix) => path.startsWith(prefix))) return;
    throw new CloudError('ORIGIN_REFUSED', `a page of ${origin} may not call this address`, {
      hint: 'call it from the console, or from a program',
    });
  }

  function hasLanToken(request: IncomingMessage): boolean {
    const { lan } = options;
    if (equal(query(request.url ?? '', 'lan'), lan.token)) return true;
    const cookie = /(?:^|;\s*)sparrow_lan=([^;]+)/.exec(request.headers.cookie ?? '')?.[1];
    return equal(cookie, lan.token);
  }

  function checkLan(request: IncomingMessage, path: string): void {
    if (path.startsWith(PATHS.tunnelSocket) || publicPrefixes.some((prefix) => path.startsWith(prefix))) return;
    if (path.startsWith('/@')) return;
    const open = lanPrefixes.some((prefix) => path === prefix || path.startsWith(prefix));
    if (!open)
      throw new CloudError('LAN_REFUSED', 'this address is for the machine itself', {
        hint: `open http://127.0.0.1:${port} on the machine that runs Sparrow`,
      });
    if (!hasLanToken(request))
      throw new CloudError('LAN_REFUSED', 'this device has not scanned the QR code', {
        hint: 'scan the QR code that `sparrow dev --lan` prints',
      });
  }

  function checkToken(request: IncomingMessage, raw: string): void {
    const header = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
    // Browsers cannot set headers of a WebSocket; other requests must not carry the token where logs could keep it.
    const given = header ?? (request.headers.upgrade === undefined ? undefined : query(raw, 'token'));
    if (!equal(given, options.token))
      throw new CloudError('TOKEN_INVALID', 'this address needs the bearer token of .sparrow/token', {
        hint: 'open the address that `sparrow dev` prints: it brings the token along',
      });
  }

  return {
    check(request, door) {
      const host = (request.headers.host ?? '').toLowerCase();
      const raw = request.url ?? '';
      const known = door === 'lan' ? options.lan.hosts.includes(host) : controlHosts.has(host) || host === ingressHost;
      if (!known)
        throw new CloudError('ORIGIN_REFUSED', `this server is not called ${host || '(no Host)'}`, {
          hint: `use http://127.0.0.1:${port} or http://${ingressHost}`,
        });
      if (!raw.startsWith('/'))
        throw new CloudError('NOT_FOUND', 'the request target must be a path', { hint: 'this is no forward proxy' });
      const path = raw.split('?', 1)[0] ?? '';
      checkOrigin(request, host, path);
      if (host === ingressHost) return { kind: 'ingress', path: raw };
      if (door === 'lan') checkLan(request, path);
      if (path.startsWith('/@')) {
        const rest = raw.slice(ingressPrefix.length);
        if (!raw.startsWith(ingressPrefix) || (rest !== '' && !/^[/?]/.test(rest)))
          throw new CloudError('NOT_FOUND', `there is no app at ${path.split('/', 3).join('/')}`, {
            hint: `the app that runs here is at ${ingressPrefix}/`,
          });
        return { kind: 'ingress', path: rest.startsWith('/') ? rest : `/${rest}` };
      }
      if (path.startsWith(PATHS.api) || `${path}/` === PATHS.api) checkToken(request, raw);
      return { kind: 'control', path: raw };
    },
    allowOnLan(prefix) {
      lanPrefixes.push(prefix);
    },
    allowFrames(prefix) {
      publicPrefixes.push(prefix);
    },
    bringsLanToken: (request) => equal(query(request.url ?? '', 'lan'), options.lan.token),
  };
}

/** Compares secrets in constant time. */
export function equal(given: string | undefined, secret: string): boolean {
  if (given === undefined) return false;
  const a = Buffer.from(given);
  const b = Buffer.from(secret);
  return a.length === b.length && timingSafeEqual(a, b);
}

function query(url: string, name: string): string | undefined {
  const mark = url.indexOf('?');
  return mark < 0 ? undefined : (new URLSearchParams(url.slice(mark + 1)).get(name) ?? undefined);
}
