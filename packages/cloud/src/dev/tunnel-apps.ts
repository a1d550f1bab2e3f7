import { createHash } from 'node:crypto';
import type { Phrase } from '@sparrow/core';
import type { TunnelApp, TunnelApps, TunnelEvent } from '@sparrow/tunnel';
import { phrase } from '../phrase.ts';
import type { NewLine } from './dev-events.ts';

/**
 * The one app of a dev run, as the tunnel sees it. Its server host is `<app>.<env>.localhost`; tcId and tunnelSignatureKey follow
 * from what a backend finds in its environment, so that `sdk/server` can compute them: md5hex(server host), sha256hex('tunnel:' + SPARROW_TOKEN).
 */
export function createTunnelApps(options: {
  app: string;
  env: string;
  backendToken: string;
  /** Hosts of sparrow.json, accepted in receiveUrls too. */
  hosts: readonly string[];
  /** Origin of the running backend. */
  origin: () => string | undefined;
}): TunnelApps {
  const serverHost = `${options.app}.${options.env}.localhost`;
  const names = new Set([serverHost, ...options.hosts.map((host) => host.toLowerCase())]);
  const app: TunnelApp = {
    id: `${options.app}/${options.env}`,
    tcId: createHash('md5').update(serverHost).digest('hex'),
    key: createHash('sha256').update(`tunnel:${options.backendToken}`).digest('hex'),
  };
  return {
    find: (tcId) => (tcId === app.tcId ? app : undefined),
    accepts(_app, receiveUrl) {
      const url = new URL(receiveUrl);
      return names.has(url.host) || names.has(url.hostname);
    },
    target(_app, receiveUrl) {
      const origin = options.origin();
      if (origin === undefined) return undefined;
      const url = new URL(receiveUrl);
      return { origin, path: url.pathname + url.search, headers: { 'x-forwarded-host': serverHost } };
    },
  };
}

/** What happens in the tunnel, as a line of the log. */
export function tunnelLine(event: TunnelEvent): NewLine {
  const name = event.tunnelId === '' ? 'tunnel' : event.tunnelId;
  if (event.type === 'problem') {
    const { code, told, advice } = event.error;
    return { source: 'tunnel', level: 'warn', text: phrase`${name}: ${code}: ${told} (${advice})` };
  }
  return { source: 'tunnel', level: 'debug', text: eventText(name, event) };
}

function eventText(name: string, event: Exclude<TunnelEvent, { type: 'problem' }>): Phrase {
  switch (event.type) {
    case 'opened':
      return phrase`${name} opened`;
    case 'connected':
      return phrase`${name} connected`;
    case 'expired':
      return phrase`${name} expired`;
    case 'closed':
      return phrase`${name} closed (${event.code}${event.reason && ` ${event.reason}`})`;
  }
}
