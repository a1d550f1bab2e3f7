import { BoundedQueue, type Phrase } from '@sparrow/core';
import type { TunnelCallbackData } from '@sparrow/protocol';
import type { WebSocket } from 'ws';
import type { TunnelApp } from './apps.ts';
import type { CallbackClient } from './callback-client.ts';
import { TunnelError } from './errors.ts';
import { CLOSE, type TunnelLimits } from './limits.ts';
import { phrase } from './phrase.ts';
import { splitPacket } from './wire.ts';

/** What a connection tells the service around it. */
export interface ConnectionEvents {
  /** Something was heard of the client. */
  alive(connection: Connection): void;
  /** The socket is closed for good; callbacks may still be on their way. */
  ended(connection: Connection, code: number, reason: string): void;
  /** The close callback was delivered or given up: nothing is left to do. */
  done(connection: Connection): void;
  problem(connection: Connection, error: TunnelError): void;
}

/**
 * One tunnel with a live socket. Callbacks go out one at a time: connect, messages in the order they came, then exactly one
 * close, whatever ends the socket.
 */
export class Connection {
  readonly id: string;
  readonly app: TunnelApp;
  readonly receiveUrl: string;
  readonly #socket: WebSocket;
  readonly #client: CallbackClient;
  readonly #limits: TunnelLimits;
  readonly #events: ConnectionEvents;
  readonly #queue: BoundedQueue<string>;
  #queuedChars = 0;
  #open = true;
  #connected = false;
  #pumping = false;
  #failures = 0;
  #garbage = 0;

  constructor(options: {
    id: string;
    app: TunnelApp;
    receiveUrl: string;
    socket: WebSocket;
    client: CallbackClient;
    limits: TunnelLimits;
    events: ConnectionEvents;
  }) {
    this.id = options.id;
    this.app = options.app;
    this.receiveUrl = options.receiveUrl;
    this.#socket = options.socket;
    this.#client = options.client;
    this.#limits = options.limits;
    this.#events = options.events;
    this.#queue = new BoundedQueue(options.limits.maxQueued);
  }

  /** Begins: tells the client the heartbeat and the backend the connect. */
  start(): void {
    this.#socket.on('message', (data: Buffer, isBinary: boolean) => this.#receive(data, isBinary));
    this.#socket.on('close', (code: number, reason: Buffer) => this.#end(code, reason.toString('utf8')));
    // ws closes the socket itself after an error (1009 for a frame that is too big, 1002 and 1007 for broken ones).
    this.#socket.on('error', (error: Error) =>
      this.#problem('FRAME_REFUSED', error.message, phrase`send text packets of at most 1 MB`),
    );
    this.#socket.send(`timeout:${this.#limits.heartbeatSeconds}`);
    void this.#pump();
  }

  get isOpen(): boolean {
    return this.#open;
  }

  /** Sends a payload that is encoded already; false when the client is gone or does not read. */
  send(payload: Buffer): boolean {
    if (!this.#open) return false;
    if (this.#socket.bufferedAmount + payload.length > this.#limits.maxBufferedBytes) {
      this.#problem('CLIENT_TOO_SLOW', phrase`the client does not read what is sent to it`, phrase`send it less`);
      this.close(CLOSE.overload, 'the client does not read');
      return false;
    }
    this.#socket.send(payload, { binary: false });
    return true;
  }

  /** The backend's own end: a `close` packet, after which clients do not come back. */
  sendClose(): void {
    if (!this.#open) return;
    this.#socket.send('close');
    this.close(CLOSE.normal, 'closed by the backend');
  }

  /** Closes the socket; clients of Wafer's SDK connect anew with another id. */
  close(code: number, reason: string): void {
    if (!this.#open) return;
    this.#socket.close(code, reason);
    this.#end(code, reason);
  }

  /** Ends the socket without a farewell: nobody is there to hear it. */
  terminate(reason: string): void {
    if (!this.#open) return;
    this.#socket.terminate();
    this.#end(1006, reason);
  }

  #receive(data: Buffer, isBinary: boolean): void {
    if (!this.#open) return;
    this.#events.alive(this);
    const { type, content }: { type: string; content?: string | undefined } = isBinary
      ? { type: 'a binary frame' }
      : splitPacket(data.toString('utf8'));
    if (type === 'ping') this.#socket.send('pong');
    else if (type === 'close') this.close(CLOSE.normal, 'closed by the client');
    else if (type === 'message' && content !== undefined) this.#enqueue(content);
    else this.#refuse(JSON.stringify(type.slice(0, 40)));
  }

  #enqueue(content: string): void {
    this.#queuedChars += content.length;
    if (this.#queuedChars > this.#limits.maxQueuedChars || !this.#queue.push(content)) {
      const waiting = phrase`${this.#queue.size} messages are waiting for the backend`;
      this.#problem('BACKEND_TOO_SLOW', waiting, phrase`make the tunnel route answer faster, or send less often`);
      this.close(CLOSE.overload, waiting.en);
      return;
    }
    void this.#pump();
  }

  #refuse(what: string): void {
    this.#garbage++;
    if (this.#garbage === 1)
      this.#problem(
        'FRAME_REFUSED',
        phrase`${what} is no packet`,
        phrase`packets are text: ping, close or message:<JSON of {type, content}>`,
      );
    if (this.#garbage >= this.#limits.maxGarbage) this.close(CLOSE.policy, 'too many frames that are no packets');
  }

  #end(code: number, reason: string): void {
    if (!this.#open) return;
    this.#open = false;
    this.#events.ended(this, code, reason);
    void this.#pump();
  }

  async #pump(): Promise<void> {
    if (this.#pumping) return;
    this.#pumping = true;
    if (!this.#connected) {
      this.#connected = true;
      if (!(await this.#post({ tunnelId: this.id, type: 'connect' })))
        this.close(CLOSE.backend, 'the backend did not take the connection');
    }
    for (;;) {
      const content = this.#queue.shift();
      if (content === undefined) break;
      this.#queuedChars -= content.length;
      if (await this.#post({ tunnelId: this.id, type: 'message', content })) this.#failures = 0;
      else if (++this.#failures >= this.#limits.maxFailures)
        this.close(CLOSE.backend, `the backend failed ${this.#failures} times in a row`);
    }
    if (!this.#open) {
      await this.#post({ tunnelId: this.id, type: 'close' });
      this.#events.done(this);
      return;
    }
    this.#pumping = false;
  }

  async #post(data: TunnelCallbackData): Promise<boolean> {
    try {
      const answer = await this.#client.post(this.app, this.receiveUrl, data);
      // The demos of Wafer answer 200 with a code other than 0 when a handler threw: delivered, but worth a line.
      if (answer.code !== undefined && answer.code !== 0)
        this.#problem(
          'CALLBACK_FAILED',
          phrase`the backend answered ${JSON.stringify(answer).slice(0, 200)}`,
          phrase`see its log`,
        );
      return true;
    } catch (error) {
      // Whatever it was, it costs this callback and not the process.
      const problem =
        error instanceof TunnelError
          ? error
          : new TunnelError('CALLBACK_FAILED', String(error), {
              hint: phrase`this is a fault of Sparrow`,
              cause: error,
            });
      this.#events.problem(this, problem);
      return false;
    }
  }

  #problem(code: ConstructorParameters<typeof TunnelError>[0], message: string | Phrase, hint: Phrase): void {
    this.#events.problem(this, new TunnelError(code, message, { hint }));
  }
}
