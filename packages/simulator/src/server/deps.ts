import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { AddressBook, BackendStatus, DevEvent, WeChatUsers } from '@sparrow/protocol';

/** What the simulator needs of the server it lives in. */
export interface SimulatorDeps {
  stateDir: string;
  users: WeChatUsers;
  addresses: AddressBook;
  events: {
    subscribe(listener: (event: DevEvent) => void): () => void;
    emit(event: DevEvent): void;
    backend(): BackendStatus;
  };
  url: string;
  /** Hosts that sparrow.json allows besides the backend; undefined: any public address. */
  domains: readonly string[] | undefined;
  onUpgrade(prefix: string, handler: (request: IncomingMessage, socket: Duplex, head: Buffer) => void): void;
  allowOnLan(prefix: string): void;
  /** Opens a path prefix for reading to frames of opaque origin. */
  allowFrames(prefix: string): void;
}
