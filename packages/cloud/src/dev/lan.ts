import { networkInterfaces } from 'node:os';
import { type Phrase, phraseOf } from '@sparrow/core';
import { phrase } from '../phrase.ts';
import type { HttpFront } from './http-front.ts';
import { listenSomewhere } from './port.ts';

/** IPv4 addresses of this machine in its networks, those of real cards before those of containers and tunnels. */
export function lanAddresses(interfaces: ReturnType<typeof networkInterfaces> = networkInterfaces()): string[] {
  const found: { name: string; address: string }[] = [];
  for (const [name, addresses] of Object.entries(interfaces))
    for (const { family, internal, address } of addresses ?? [])
      if (family === 'IPv4' && !internal && !address.startsWith('169.254.')) found.push({ name, address });
  const virtual = /^(docker|br-|veth|virbr|tun|tap|wg|zt|tailscale)/;
  return found
    .sort((a, b) => Number(virtual.test(a.name)) - Number(virtual.test(b.name)))
    .map(({ address }) => address);
}

export interface Lan {
  /** IP by which the LAN reaches the phone view, on the port of this machine's own door. */
  address?: string;
  /** `ip:port` of the app alone: a port of its own makes an origin of its own. */
  app?: string;
  notice?: Phrase;
}

/** Opens the LAN doors; without an address or the port there they stay closed and a notice says why. */
export async function openLan(front: HttpFront, port: number): Promise<Lan> {
  const address = lanAddresses()[0];
  if (address === undefined) return { notice: phrase`this machine has no address in a local network` };
  try {
    await listenSomewhere(front.createServer('lan'), address, port, true);
    const app = await listenSomewhere(front.createServer('app'), address, port + 1);
    return { address, app: `${address}:${app.port}` };
  } catch (error) {
    return { notice: phrase`the LAN stays closed: ${phraseOf(error)}` };
  }
}
