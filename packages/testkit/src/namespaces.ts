import { execFileSync } from 'node:child_process';

/** A machine of its own as far as the network goes. */
export interface NetworkHost {
  readonly name: string;
  readonly address: string;
  /** Put before a command to run it there. */
  readonly prefix: string[];
  /** Cuts the cable: what is sent is lost silently, in both directions. */
  unplug(): void;
  plug(): void;
  /** Drops what comes in from an address (one way). */
  deafTo(address: string): void;
  /** Drops what goes to a port of an address, and what comes from there. */
  cutFrom(address: string, ports: number[]): void;
  /** Takes `deafTo` and `cutFrom` back. */
  heal(): void;
}

export interface Network {
  /** Address of the bridge: processes outside of the hosts are reached here. */
  readonly address: string;
  readonly hosts: NetworkHost[];
  remove(): void;
}

const ip = (...args: string[]): void => void execFileSync('ip', args, { stdio: 'ignore' });

/** True when namespaces and packet filters can be used: as root, with `ip` and `iptables`. */
export function canMakeNetworks(): boolean {
  try {
    ip('netns', 'add', `probe${process.pid}`);
    ip('netns', 'del', `probe${process.pid}`);
    execFileSync('iptables', ['-L', '-n'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Hosts on one bridge, 10.<octet>.<octet>.0/24 by this process's id. `remove` takes everything away again. */
export function createNetwork(count: number): Network {
  const id = process.pid % 60_000;
  const net = `10.${100 + (Math.floor(id / 256) % 100)}.${id % 256}`;
  const bridge = `sbr${id}`;
  const address = `${net}.1`;
  ip('link', 'add', bridge, 'type', 'bridge');
  ip('addr', 'add', `${address}/24`, 'dev', bridge);
  ip('link', 'set', bridge, 'up');
  const hosts = Array.from({ length: count }, (_, index): NetworkHost => {
    const name = `sns${id}-${index}`;
    const outer = `sv${id}-${index}`;
    const own = `${net}.${index + 11}`;
    const inside = ['netns', 'exec', name];
    const filter = (...args: string[]): void => ip(...inside, 'iptables', ...args);
    ip('netns', 'add', name);
    ip('link', 'add', outer, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name);
    ip('link', 'set', outer, 'master', bridge, 'up');
    ip(...inside, 'ip', 'addr', 'add', `${own}/24`, 'dev', 'eth0');
    ip(...inside, 'ip', 'link', 'set', 'eth0', 'up');
    ip(...inside, 'ip', 'link', 'set', 'lo', 'up');
    return {
      name,
      address: own,
      prefix: ['ip', ...inside],
      unplug: () => ip('link', 'set', outer, 'down'),
      plug: () => ip('link', 'set', outer, 'up'),
      deafTo: (other) => filter('-A', 'INPUT', '-s', other, '-j', 'DROP'),
      cutFrom(other, ports) {
        for (const port of ports) {
          filter('-A', 'OUTPUT', '-d', other, '-p', 'tcp', '--dport', String(port), '-j', 'DROP');
          filter('-A', 'INPUT', '-s', other, '-p', 'tcp', '--sport', String(port), '-j', 'DROP');
        }
      },
      heal: () => filter('-F'),
    };
  });
  return {
    address,
    hosts,
    remove() {
      for (const { name } of hosts)
        try {
          ip('netns', 'del', name);
        } catch {
          // It is gone.
        }
      try {
        ip('link', 'del', bridge);
      } catch {
        // It is gone.
      }
    },
  };
}
