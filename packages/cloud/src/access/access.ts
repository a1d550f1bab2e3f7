import type { IncomingMessage } from 'node:http';
import type { Phrase } from '@sparrow/core';
import { ACCESS_KINDS, type Access } from '@sparrow/protocol';
import type { FastifyInstance, RouteOptions } from 'fastify';
import { CloudError } from '../errors.ts';
import { phrase } from '../phrase.ts';
import type { Caller, Door } from './entrance.ts';
import { equal } from './secrets.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Who may use the route; without it the server does not start. */
    access?: Access;
    /** Only with `backend`: the handler checks a signature over the body instead of the token. */
    signed?: boolean;
  }
}

/** Begins the name of the cookie that carries the LAN token. Names that begin so are never the backend's. */
const LAN_COOKIE = 'sparrow_lan';

export interface AccessOptions {
  port: () => number;
  /** Token of `.sparrow/token`. */
  consoleToken: string;
  /** SPARROW_TOKEN of the backend. */
  backendToken: string;
  /** Token of the QR code. */
  lanToken: string;
}

/** A route or a socket with who may use it. */
export interface Declared {
  method: string;
  url: string;
  access: Access;
}

/** Decides, after routing, on what was matched. */
export interface AccessControl {
  /** Remembers who a request comes from. A request that was never admitted gets nothing. */
  admit(request: IncomingMessage, caller: Caller): void;
  /** The token that phones bring; until it is set every phone is refused. */
  setPhoneToken(token: string): void;
  /**
   * Checks a request for a route or socket of this kind.
   *
   * @throws CloudError ACCESS_UNDECLARED, ORIGIN_REFUSED, LAN_REFUSED, TOKEN_INVALID.
   */
  check(access: Access | undefined, request: IncomingMessage, options?: { tokenLater?: boolean }): void;
  /**
   * Checks that a request for the app comes from this machine, or from a device that scanned the QR code.
   *
   * @throws CloudError LAN_REFUSED.
   */
  checkScan(request: IncomingMessage, door: Door): void;
  /** The same as `check`, as a question. */
  allows(access: Access, request: IncomingMessage): boolean;
  /** Makes every route of a server say who may use it, and checks that on each request. Comes before the routes. */
  guard(app: FastifyInstance): void;
  declare(socket: Declared): void;
  declared(): readonly Declared[];
  /** Whether the request brings the LAN token in its query, so that the answer should set the cookie. */
  bringsLanToken(request: IncomingMessage): boolean;
  /** A path without the LAN token, which is none of the app's. */
  withoutLanToken(path: string): string;
  /** Value of Set-Cookie for a device that brought the token. */
  lanCookie(): string;
}

export function createAccess(options: AccessOptions): AccessControl {
  const callers = new WeakMap<IncomingMessage, Caller>();
  const known: Declared[] = [];
  let phoneToken: string | undefined;

  /** Cookies know no ports: a second run on this machine has its own name. */
  const cookieName = (): string => `${LAN_COOKIE}_${options.port()}`;

  function hasLanToken(request: IncomingMessage): boolean {
    if (equal(query(request, 'lan'), options.lanToken)) return true;
    // A page of the app may put a cookie of this name before ours: any that fits will do.
    const cookies = (request.headers.cookie ?? '').split(';').map((pair) => pair.trim());
    return cookies.some((pair) => equal(pair, `${cookieName()}=${options.lanToken}`));
  }

  function needMachine({ door }: Caller): void {
    if (door !== 'local')
      throw new CloudError('LAN_REFUSED', phrase`this address is for the machine itself`, {
        hint: phrase`open http://127.0.0.1:${options.port()} on the machine that runs Sparrow`,
      });
  }

  function needScan({ door }: { door: Door }, request: IncomingMessage): void {
    if (door !== 'local' && !hasLanToken(request))
      throw new CloudError('LAN_REFUSED', phrase`this device has not scanned the QR code`, {
        hint: phrase`scan the QR code that \`sparrow dev\` prints`,
      });
  }

  function needToken(request: IncomingMessage, token: string | undefined, message: Phrase, hint: Phrase): void {
    const header = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
    // Browsers cannot set headers of a WebSocket; other requests must not carry a token where logs could keep it.
    const given = header ?? (request.headers.upgrade === undefined ? undefined : query(request, 'token'));
    if (token === undefined || !equal(given, token)) throw new CloudError('TOKEN_INVALID', message, { hint });
  }

  const control: AccessControl = {
    admit: (request, caller) => void callers.set(request, caller),
    setPhoneToken(token) {
      phoneToken = token;
    },
    check(access, request, { tokenLater = false } = {}) {
      const caller = callers.get(request);
      if (!caller || access === undefined)
        throw new CloudError('ACCESS_UNDECLARED', phrase`nobody may use this address`, {
          hint: phrase`its route must say who may: config.access`,
        });
      if (access === 'public') return;
      if (caller.stranger)
        throw new CloudError('ORIGIN_REFUSED', phrase`a page of ${request.headers.origin} may not call this address`, {
          hint: phrase`call it from the console, or from a program`,
        });
      if (access === 'lan') return needScan(caller, request);
      if (access === 'app') {
        needScan(caller, request);
        const hint = phrase`open the phone from the console or by its QR code`;
        if (!tokenLater) needToken(request, phoneToken, phrase`this address needs the token of a phone`, hint);
        return;
      }
      needMachine(caller);
      if (access === 'console') {
        const hint = phrase`open the address that \`sparrow dev\` prints: it brings the token along`;
        needToken(request, options.consoleToken, phrase`this address needs the bearer token of .sparrow/token`, hint);
      } else if (access === 'backend' && !tokenLater) {
        const hint = phrase`send Authorization: Bearer <SPARROW_TOKEN>; sdk/server does so`;
        needToken(request, options.backendToken, phrase`this call needs the token of the backend`, hint);
      }
    },
    allows(access, request) {
      try {
        control.check(access, request);
        return true;
      } catch {
        return false;
      }
    },
    guard(app) {
      const routes: RouteOptions[] = [];
      app.addHook('onRoute', (route) => void routes.push(route));
      // Only now: a scope may declare its routes in a hook of its own, which runs after this one.
      app.addHook('onReady', async () => {
        const all = routes.flatMap(({ method, url, config }) =>
          [method].flat().map((name) => ({ method: name, url, access: config?.access })),
        );
        const bare = all.filter(({ access }) => !isAccess(access));
        if (bare.length > 0) throw undeclared(bare.map(({ method, url }) => `${method} ${url}`));
        known.push(...(all as Declared[]));
      });
      app.addHook('onRequest', async (request) => {
        const { access, signed = false } = request.routeOptions.config;
        // What is not there is told to the machine only.
        control.check(request.is404 ? 'machine' : access, request.raw, { tokenLater: signed && access === 'backend' });
      });
    },
    declare(socket) {
      if (!isAccess(socket.access)) throw undeclared([`WebSocket ${socket.url}`]);
      known.push(socket);
    },
    declared: () => known,
    checkScan: (request, door) => needScan({ door }, request),
    bringsLanToken: (request) => equal(query(request, 'lan'), options.lanToken),
    withoutLanToken(path) {
      const [base = '', ...rest] = path.split('?');
      const pairs = rest
        .join('?')
        .split('&')
        .filter((pair) => !equal(pair, `lan=${options.lanToken}`));
      const left = pairs.join('&');
      return left === '' ? base : `${base}?${left}`;
    },
    lanCookie: () => `${cookieName()}=${options.lanToken}; Path=/; HttpOnly; SameSite=Lax`,
  };
  return control;
}

/** Declares all routes of a scope that do not say anything themselves. Comes before them. */
export function declareAccess(scope: FastifyInstance, access: Access): void {
  scope.addHook('onRoute', (route) => {
    route.config = { access, ...route.config };
  });
}

function isAccess(access: unknown): access is Access {
  return (ACCESS_KINDS as readonly unknown[]).includes(access);
}

function undeclared(names: readonly string[]): CloudError {
  return new CloudError('ACCESS_UNDECLARED', phrase`nothing says who may use ${names.join(', ')}`, {
    hint: phrase`register it with config: { access: … }, a kind of @sparrow/protocol, access.ts`,
  });
}

function query(request: IncomingMessage, name: string): string | undefined {
  const url = request.url ?? '';
  const mark = url.indexOf('?');
  return mark < 0 ? undefined : (new URLSearchParams(url.slice(mark + 1)).get(name) ?? undefined);
}
