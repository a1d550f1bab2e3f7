import { networkInterfaces } from 'node:os';

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
