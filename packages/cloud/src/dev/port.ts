import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import type { Phrase } from '@sparrow/core';
import { CloudError } from '../errors.ts';
import { phrase } from '../phrase.ts';

/** Ports that are tried after the one asked for. */
const MORE_PORTS = 20;

/**
 * Listens on the port or the next free one. Port 0 takes any.
 *
 * @param lan an address where the same port must be free, unless the port is a must
 * @returns the port, and a line to show when it is not the one asked for.
 * @throws CloudError PORT_TAKEN naming the holder, at once when `strict`, else when none of the next 20 is free either.
 */
export async function listenSomewhere(
  server: Server,
  host: string,
  port: number,
  strict = false,
  lan?: string,
): Promise<{ port: number; notice?: Phrase }> {
  for (let next = port; ; next++) {
    const isFree = lan === undefined || strict || next === 0 || (await isFreeAt(lan, next));
    if (isFree && (await tryListen(server, host, next))) {
      const actual = (server.address() as AddressInfo).port;
      if (next === port) return { port: actual };
      return { port: actual, notice: phrase`port ${port} is in use${by(port)}, so this run took ${actual}` };
    }
    if (strict || next >= port + MORE_PORTS)
      throw new CloudError('PORT_TAKEN', phrase`port ${port} is in use${by(port)}`, {
        hint: phrase`stop that program, or choose another port with --port`,
      });
  }
}

async function tryListen(server: Server, host: string, port: number): Promise<boolean> {
  try {
    server.listen({ host, port, exclusive: true });
    await once(server, 'listening');
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return false;
    throw error;
  }
}

async function isFreeAt(host: string, port: number): Promise<boolean> {
  const probe = createServer();
  const isFree = await tryListen(probe, host, port);
  if (isFree) await new Promise((done) => probe.close(done));
  return isFree;
}

function by(port: number): Phrase | '' {
  const holder = portHolder(port);
  return holder ? phrase` by pid ${holder.pid} (${holder.command})` : '';
}

/**
 * Who listens on a TCP port of this machine, found in /proc (proc_net(5): the hexadecimal local address, state 0A,
 * inode; then the process with that socket open). Undefined on other systems and for processes of other users.
 */
export function portHolder(port: number): { pid: number; command: string } | undefined {
  const inodes = new Set<string>();
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    for (const line of lines(table)) {
      const fields = line.trim().split(/\s+/);
      if (fields[1]?.endsWith(suffix) && fields[3] === '0A' && fields[9]) inodes.add(`socket:[${fields[9]}]`);
    }
  }
  if (inodes.size === 0) return undefined;
  for (const pid of entries('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    for (const fd of entries(`/proc/${pid}/fd`)) {
      if (!inodes.has(link(`/proc/${pid}/fd/${fd}`))) continue;
      const command = lines(`/proc/${pid}/cmdline`).join(' ').split('\0').join(' ').trim();
      return { pid: Number(pid), command: command.slice(0, 60) || 'unknown' };
    }
  }
  return undefined;
}

function lines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n');
  } catch {
    return [];
  }
}

function entries(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function link(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
