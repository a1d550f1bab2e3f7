import { BlockList, isIP } from 'node:net';

/** IPv4 networks that are not the public internet: IANA's special-purpose registry (RFC 6890), multicast and class E. */
const SPECIAL_V4: readonly [string, number][] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
];
/** Of the global unicast range of IPv6: protocol assignments (Teredo among them), documentation, 6to4. */
const SPECIAL_V6: readonly [string, number][] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
];

/**
 * Says whether an IP address is one of the public internet. Loopback, private, link-local, shared, multicast and reserved
 * addresses are not, in whatever form an IPv6 address holds them.
 */
export function createAddressTest(): (address: string) => boolean {
  const special = new BlockList();
  for (const [network, bits] of SPECIAL_V4) special.addSubnet(network, bits, 'ipv4');
  for (const [network, bits] of SPECIAL_V6) special.addSubnet(network, bits, 'ipv6');
  const unicast = new BlockList();
  unicast.addSubnet('2000::', 3, 'ipv6');

  return function isPublic(address) {
    const bare = address.replace(/%.*$/, '');
    const version = isIP(bare);
    if (version === 4) return !special.check(bare, 'ipv4');
    if (version !== 6) return false;
    const inner = innerAddress(bare);
    if (inner !== undefined) return isPublic(inner);
    return unicast.check(bare, 'ipv6') && !special.check(bare, 'ipv6');
  };
}

/** The IPv4 address that an IPv6 address stands for: mapped (`::ffff:0:0/96`) or translated (`64:ff9b::/96`). */
export function innerAddress(address: string): string | undefined {
  // URL normalises every spelling to hexadecimal groups with the longest run of zeros left out.
  const text = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const match = /^(?:::ffff:|64:ff9b::)(?:([0-9a-f]{1,4}):)?([0-9a-f]{1,4})$/.exec(text);
  if (!match) return undefined;
  const high = Number.parseInt(match[1] ?? '0', 16);
  const low = Number.parseInt(match[2] ?? '0', 16);
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}
