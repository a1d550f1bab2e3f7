import type { IncomingMessage } from 'node:http';
import { CloudError } from '../errors.ts';
import { phrase } from '../phrase.ts';

/** Which listener a request came in by: that of this machine, that of the LAN, or the app's own in the LAN. */
export type Door = 'local' | 'lan' | 'app';

/** What is known of a caller before routing. */
export interface Caller {
  door: Door;
  /** A page of another site, or a sandboxed one, reads: only what is public is there for it. */
  stranger: boolean;
}

/** Where a request may go. `path` is raw, with query. */
export type Passage =
  | { kind: 'control'; caller: Caller }
  /** `shared`: by path, at an address that is the console's or the phone's as well. */
  | { kind: 'ingress'; path: string; shared: boolean };

export interface EntranceOptions {
  app: string;
  env: string;
  port: number;
  /** Hosts (`ip:port`) by which the LAN may call us. */
  lanHosts: readonly string[];
  /** Hosts (`ip:port`) of the app's own listener in the LAN. */
  appHosts: readonly string[];
}

export interface Entrance {
  /**
   * Looks at what a request says of itself, before anything is routed.
   *
   * - Host must be one of ours: a page of another site that points its own name at 127.0.0.1 (DNS rebinding) gets nothing.
   * - Origin, when there is one, must be ours. A GET of another origin goes on as a stranger's, for whom `public` routes exist.
   *
   * @throws CloudError ORIGIN_REFUSED, NOT_FOUND.
   */
  admit(request: IncomingMessage, door: Door): Passage;
}

export function createEntrance(options: EntranceOptions): Entrance {
  const { app, env, port } = options;
  const ingressHost = `${app}.${env}.localhost:${port}`;
  const machineHosts = new Set([`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`]);
  const ingressPrefix = `/@${app}/${env}`;
  const hosts: Record<Door, ReadonlySet<string>> = {
    local: new Set([...machineHosts, ingressHost]),
    lan: new Set(options.lanHosts),
    app: new Set(options.appHosts),
  };

  function isOwnOrigin(origin: string, host: string): boolean {
    if (origin === `http://${host}`) return true;
    return machineHosts.has(host) && machineHosts.has(origin.replace(/^http:\/\//, ''));
  }

  /** @returns the path that the backend sees, undefined when the request is for the control server. */
  function ingressPath(raw: string): string | undefined {
    if (!raw.startsWith('/@')) return undefined;
    const rest = raw.slice(ingressPrefix.length);
    if (!raw.startsWith(ingressPrefix) || (rest !== '' && !/^[/?]/.test(rest)))
      throw new CloudError('NOT_FOUND', phrase`there is no app at ${raw.split('?', 1)[0]?.split('/', 3).join('/')}`, {
        hint: phrase`the app that runs here is at ${ingressPrefix}/`,
      });
    return rest.startsWith('/') ? rest : `/${rest}`;
  }

  return {
    admit(request, door) {
      const host = (request.headers.host ?? '').toLowerCase();
      const raw = request.url ?? '';
      if (!hosts[door].has(host))
        throw new CloudError('ORIGIN_REFUSED', phrase`this server is not called ${host || phrase`(no Host)`}`, {
          hint: phrase`use http://127.0.0.1:${port} or http://${ingressHost}`,
        });
      if (!raw.startsWith('/'))
        throw new CloudError('NOT_FOUND', phrase`the request target must be a path`, {
          hint: phrase`this is no forward proxy`,
        });
      const { origin } = request.headers;
      const own = origin === undefined || isOwnOrigin(origin, host);
      const whole = door === 'app' || host === ingressHost;
      const path = whole ? raw : own ? ingressPath(raw) : undefined;
      const reads = (request.method === 'GET' || request.method === 'HEAD') && request.headers.upgrade === undefined;
      if (!own && (whole || !reads))
        throw new CloudError('ORIGIN_REFUSED', phrase`a page of ${origin} may not call this address`, {
          hint: phrase`call it from the console, or from a program`,
        });
      if (path !== undefined) return { kind: 'ingress', path, shared: !whole };
      return { kind: 'control', caller: { door, stranger: !own } };
    },
  };
}
