import type { Access, AddressBook, RunFile, WeChatUsers } from '@sparrow/protocol';
import type { FastifyInstance } from 'fastify';
import type { DevEvents } from './dev-events.ts';
import type { UpgradeHandler } from './http-front.ts';

/** What the simulator's server gets from the dev server. */
export interface SimulatorDeps {
  /** Absolute folder of the project. */
  projectDir: string;
  /** `.sparrow` of the project. */
  stateDir: string;
  users: WeChatUsers;
  addresses: AddressBook;
  events: DevEvents;
  /** Address of this server, e.g. `http://127.0.0.1:7700`. */
  url: string;
  port: number;
  app: string;
  env: RunFile['env'];
  appid: string;
  /** Hosts that sparrow.json allows besides the backend; undefined: any public address. */
  domains: readonly string[] | undefined;
  /** Bearer token of the console. */
  token: string;
  /** Takes WebSocket handshakes of a path, or of all below it when it ends with a slash; see HttpFront. */
  onUpgrade(path: string, handler: UpgradeHandler, access: Access): void;
}

/**
 * `createSimulator(options)` of `@sparrow/simulator/server` gives a function of this form. Every route that it registers says in
 * `config.access` who may use it.
 */
export type RegisterSimulator = (
  app: FastifyInstance,
  deps: SimulatorDeps,
) => Promise<{
  /** Path of the phone alone, for the QR code; default `/phone`. */
  phonePath?: string;
  /** What follows `#` in its address. */
  phoneFragment?: string;
  /** The token that routes of kind `app` ask for. */
  token?: string;
  close(): Promise<void>;
}>;
