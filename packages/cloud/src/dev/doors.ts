import { randomBytes } from 'node:crypto';
import type { Phrase } from '@sparrow/core';
import { DEFAULT_PORT } from '@sparrow/protocol';
import type { FastifyInstance } from 'fastify';
import { type AccessControl, createAccess } from '../access/access.ts';
import { createEntrance } from '../access/entrance.ts';
import type { Ingress } from '../ingress/ingress.ts';
import { handlerOf } from './app-server.ts';
import type { Closers } from './closers.ts';
import { createHttpFront, type HttpFront } from './http-front.ts';
import { type Lan, lanAddresses, openLan } from './lan.ts';
import { listenSomewhere } from './port.ts';

export interface DoorsOptions {
  consoleToken: string;
  port: number | undefined;
  strictPort: boolean | undefined;
  lan: boolean | undefined;
}

/** The ports that this server listens on, and who may come in by them. Until `open` everybody is asked to wait. */
export interface Doors {
  readonly front: HttpFront;
  readonly access: AccessControl;
  readonly port: number;
  /** `http://127.0.0.1:7700` */
  readonly url: string;
  readonly lan: Lan;
  /** Address of this server as clients know it, those of the LAN included when that is open. */
  readonly clientBase: string;
  readonly tokens: { backend: string; lan: string; relay: string };
  readonly notices: readonly Phrase[];
  open(parts: { app: string; env: string; server: FastifyInstance; ingress: Ingress | undefined }): void;
}

/** @throws CloudError PORT_TAKEN */
export async function openDoors(options: DoorsOptions, closers: Closers): Promise<Doors> {
  const tokens = {
    backend: randomBytes(32).toString('base64url'),
    lan: randomBytes(16).toString('base64url'),
    relay: randomBytes(32).toString('base64url'),
  };
  let port = 0;
  const access = createAccess({
    port: () => port,
    consoleToken: options.consoleToken,
    backendToken: tokens.backend,
    lanToken: tokens.lan,
  });
  const front = createHttpFront({ access });
  closers.add(() => front.close());
  const listening = await listenSomewhere(
    front.server,
    '127.0.0.1',
    options.port ?? DEFAULT_PORT,
    options.strictPort,
    // Two runs side by side: the other one's app may hold the next port in the LAN.
    options.lan ? lanAddresses()[0] : undefined,
  );
  port = listening.port;
  const url = `http://127.0.0.1:${port}`;
  const lan = options.lan ? await openLan(front, port) : {};
  return {
    ...{ front, access, port, url, lan, tokens },
    clientBase: lan.address ? `http://${lan.address}:${port}` : url,
    notices: [listening.notice, lan.notice].filter((notice) => notice !== undefined),
    open({ app, env, server, ingress }) {
      front.open({
        entrance: createEntrance({
          ...{ app, env, port },
          lanHosts: lan.address ? [`${lan.address}:${port}`] : [],
          appHosts: lan.app ? [lan.app] : [],
        }),
        ingress,
        appOrigin: (door) =>
          door === 'local' ? `http://${app}.${env}.localhost:${port}` : lan.app && `http://${lan.app}`,
        handler: handlerOf(server),
      });
    },
  };
}
