import { isIP } from 'node:net';
import { type AddressBook, PATHS } from '@sparrow/protocol';
import { RELAY_HEADER } from '../ingress/ingress.ts';
import { createAddressTest, innerAddress } from './public-address.ts';

export interface AddressBookOptions {
  app: string;
  env: string;
  /** Port of this server on 127.0.0.1. */
  port: number;
  /** Hosts of sparrow.json that mean the project's own backend. */
  hosts: readonly string[];
  hasBackend: boolean;
  /** Other addresses of this machine that reach this server, without port. */
  lanAddresses: readonly string[];
  /** Hosts that sparrow.json allows: only these may lie on this machine or in a private network. */
  domains?: readonly string[];
  /** By which the ingress knows our relay. */
  relayToken?: string;
}

/** Paths of the control server that a mini program may load: tunnel sockets, uploaded files, avatars. */
const OPEN_PATHS: readonly string[] = [PATHS.tunnelSocket, PATHS.files, PATHS.avatars];

/** Where the addresses that a mini program calls lead: its own backend, or out, but never to the console. */
export function createAddressBook(options: AddressBookOptions): AddressBook {
  const { app, env, port } = options;
  const origin = `http://127.0.0.1:${port}`;
  const ingressName = `${app}.${env}.localhost`;
  const hosts = new Set(options.hosts.map((host) => host.toLowerCase()));
  const named = new Set((options.domains ?? []).map((host) => host.toLowerCase()));
  const isPublic = createAddressTest();

  function ingress(url: URL): ReturnType<AddressBook['resolve']> {
    const proto = url.protocol === 'https:' || url.protocol === 'wss:' ? 'https' : 'http';
    return {
      kind: 'local',
      origin,
      path: `/@${app}/${env}${url.pathname}${url.search}`,
      headers: {
        'x-forwarded-host': url.host,
        'x-forwarded-proto': proto,
        ...(options.relayToken !== undefined && { [RELAY_HEADER]: options.relayToken }),
      },
    };
  }

  /** Looks at the address that is dialled, not at the name: a name may lead anywhere, and elsewhere the next time. */
  function refusal(url: URL, address: string): string | undefined {
    const inner = isIP(address) === 6 ? (innerAddress(address) ?? address) : address;
    if (isThisMachine(inner, options.lanAddresses)) {
      if (effectivePort(url) === port) return 'this is the address of the console, which no mini program may reach';
    } else if (isPublic(address)) return undefined;
    if (named.has(url.host) || named.has(url.hostname)) return undefined;
    return `${url.hostname} is ${address}, which is not public: add ${url.host} to "domains" of sparrow.json to allow it`;
  }

  return {
    resolve(url) {
      // URL keeps a port only when it is not the default one, which is how hosts are written in sparrow.json.
      if (hosts.has(url.host)) {
        if (options.hasBackend) return ingress(url);
        return {
          kind: 'refuse',
          reason: `${url.host} is this project's backend, but the project has no backend folder`,
        };
      }
      const name = url.hostname;
      if (name.endsWith('.localhost')) {
        if (name === ingressName && options.hasBackend) return ingress(url);
        return { kind: 'refuse', reason: `${url.host} is not this app` };
      }
      if (!isThisMachine(name, options.lanAddresses) || effectivePort(url) !== port)
        return { kind: 'public', refusal: (address) => refusal(url, address) };
      const own = `/@${app}/${env}/`;
      if (
        OPEN_PATHS.some((path) => url.pathname.startsWith(path)) ||
        (options.hasBackend && url.pathname.startsWith(own))
      )
        return { kind: 'local', origin, path: `${url.pathname}${url.search}`, headers: {} };
      return { kind: 'refuse', reason: 'this is the address of the console, which no mini program may reach' };
    },
  };
}

/** Names and numbers of this machine, in the forms that URL leaves them in after normalising. */
function isThisMachine(name: string, lanAddresses: readonly string[]): boolean {
  const bare = name.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  if (bare === 'localhost' || bare === '0.0.0.0' || bare === '::' || bare === '::1') return true;
  if (/^127\./.test(bare) || /^::ffff:/.test(bare)) return true;
  return lanAddresses.includes(bare);
}

function effectivePort(url: URL): number {
  if (url.port !== '') return Number(url.port);
  return url.protocol === 'https:' || url.protocol === 'wss:' ? 443 : 80;
}
