import type { AddressBook, RunFile, WeChatUsers } from '@sparrow/protocol';
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
  /** Bearer token of `/api/v1/*`. Routes under that prefix are guarded already, whoever registers them. */
  token: string;
  /** Takes WebSocket handshakes of a path prefix. Host and Origin were checked, and the token (`?token=`) under `/api/v1/`. */
  onUpgrade(prefix: string, handler: UpgradeHandler): void;
  /** Opens a path prefix to devices of the LAN that scanned the QR code. */
  allowOnLan(prefix: string): void;
  /** Opens a path prefix for reading to frames of opaque origin. */
  allowFrames(prefix: string): void;
}

/** `createSimulator(options)` of `@sparrow/simulator/server` gives a function of this form. */
export type RegisterSimulator = (
  app: FastifyInstance,
  deps: SimulatorDeps,
) => Promise<{
  /** Path of the phone alone, for the QR code; default `/phone`. It is opened to the LAN. */
  phonePath?: string;
  /** What follows `#` in its address. */
  phoneFragment?: string;
  close(): Promise<void>;
}>;
