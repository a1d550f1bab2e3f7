import { readFileSync } from 'node:fs';
import type { Coordinator } from '../coordinators/coordinator.ts';
import { createLocalCoordination } from '../coordinators/local.ts';
import { createZooKeeperCoordinator } from '../coordinators/zookeeper/zookeeper.ts';
import { RouterError } from '../errors.ts';
import type { LinkLimits } from '../links/limits.ts';
import { phrase } from '../phrase.ts';
import type { RouterTimes } from '../router/state.ts';
import { createNatsTransport } from '../transports/nats.ts';
import { createTcpTransport, type TlsOptions } from '../transports/tcp.ts';
import type { Transport } from '../transports/transport.ts';

/** Where a mesh of processes agrees, and how its links prove themselves. */
export interface MeshConfig {
  /** Servers of the ensemble, `host:port`; without them this process agrees only with itself. */
  zookeeper?: string[];
  /** Default `/sparrow`. */
  root?: string;
  sessionTimeoutMs?: number;
  /** File with the secret of all links. */
  keyFile?: string;
  /** The secret itself; for tests. */
  key?: string;
  /** Files with a certificate, its key and the authority that signed all of them. */
  tls?: { certFile: string; keyFile: string; caFile: string };
  limits?: Partial<LinkLimits>;
  /** Operators may do faults to the routers: for development. */
  faults?: boolean;
  protocol?: { min: number; max: number };
}

export interface RouterProcessConfig extends MeshConfig {
  set: string;
  name: string;
  /** `host:port`, port 0 for any. */
  listen: string;
  /** NATS servers that carry what goes between sets. */
  nats?: string[];
  times?: Partial<RouterTimes>;
  isSupervised?: boolean;
  fencing?: boolean;
}

/** @throws RouterError ADDRESS_FAILED when a file cannot be read */
export function readSecrets(config: MeshConfig): { key: string; tls?: TlsOptions } {
  try {
    const key = config.key ?? (config.keyFile ? readFileSync(config.keyFile, 'utf8').trim() : '');
    if (!config.tls) return { key };
    const { certFile, keyFile, caFile } = config.tls;
    return { key, tls: { cert: readFileSync(certFile), key: readFileSync(keyFile), ca: readFileSync(caFile) } };
  } catch (cause) {
    throw new RouterError('ADDRESS_FAILED', phrase`a key or certificate cannot be read: ${String(cause)}`, {
      cause,
      hint: phrase`check the paths in the config`,
    });
  }
}

export function openCoordinator(config: MeshConfig, log?: (line: string) => void): Coordinator {
  if (!config.zookeeper?.length) return createLocalCoordination().createCoordinator();
  return createZooKeeperCoordinator({
    servers: config.zookeeper,
    ...(config.root && { root: config.root }),
    ...(config.sessionTimeoutMs && { sessionTimeoutMs: config.sessionTimeoutMs }),
    ...(log && { log }),
  });
}

export function openTransport(config: MeshConfig): Transport {
  const { tls } = readSecrets(config);
  return createTcpTransport(tls ? { tls } : {});
}

export const openTrunk = (servers: string[]): Transport => createNatsTransport({ servers });
