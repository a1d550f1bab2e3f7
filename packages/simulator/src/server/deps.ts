import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Access, AddressBook, BackendStatus, DevEvent, LogLine, WeChatUsers } from '@sparrow/protocol';

/** What the simulator needs of the server it lives in. */
export interface SimulatorDeps {
  stateDir: string;
  users: WeChatUsers;
  addresses: AddressBook;
  events: {
    subscribe(listener: (event: DevEvent) => void): () => void;
    emit(event: DevEvent): void;
    log(line: Omit<LogLine, 'time'>): void;
    backend(): BackendStatus;
  };
  url: string;
  /** Hosts that sparrow.json allows besides the backend; undefined: any public address. */
  domains: readonly string[] | undefined;
  /** Takes WebSocket handshakes of this path; of kind `app` the first frame brings the token. */
  onUpgrade(
    path: string,
    handler: (request: IncomingMessage, socket: Duplex, head: Buffer) => void,
    access: Access,
  ): void;
}
