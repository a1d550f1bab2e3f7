import type { Progress } from '../../bridge/index.ts';
import { ApiFailure, type Callbacks, checkOptions } from '../../service/wx/api.ts';
import type { WxContext } from '../../service/wx/context.ts';
import { asyncFunction, type Definition, serviceWith, value } from '../../service/wx/define.ts';
import { anything, number, optional, text } from '../schema.ts';

/** Sockets a mini program may have open at once. Source: the network chapter of the guide. */
const SOCKET_LIMIT = 5;

const CONNECTING = 0;
const OPEN = 1;
const CLOSING = 2;
const CLOSED = 3;

type Listener = (data: unknown) => void;
type SocketEvent = 'Open' | 'Message' | 'Error' | 'Close';

interface ConnectOptions extends Callbacks {
  url: string;
  header?: Record<string, unknown>;
  protocols?: string[];
  timeout?: number;
}

/** The sockets of a program. */
interface Sockets {
  connect(options: ConnectOptions): object;
  /** The one that the older calls act on. @throws ApiFailure */
  latest(name: string): {
    sendData(data: unknown): Promise<void>;
    closeWith(code?: number, reason?: string): Promise<void>;
  };
}

function createSockets(context: WxContext): Sockets {
  const { api, events, invoke, reporter } = context;
  const open = new Set<SocketTask>();
  let latest: SocketTask | undefined;
  let lastId = 0;

  class SocketTask {
    readonly CONNECTING = CONNECTING;
    readonly OPEN = OPEN;
    readonly CLOSING = CLOSING;
    readonly CLOSED = CLOSED;
    readyState = CONNECTING;
    readonly #id = ++lastId;
    readonly #listeners: Record<SocketEvent, Listener[]> = { Open: [], Message: [], Error: [], Close: [] };

    connect(options: ConnectOptions): Promise<void> {
      const header: Record<string, string> = {};
      for (const [name, value] of Object.entries(options.header ?? {})) header[name.toLowerCase()] = String(value);
      return new Promise((started) => {
        invoke(
          'connectSocket',
          {
            url: options.url,
            header,
            protocols: options.protocols ?? [],
            timeout: options.timeout ?? context.manifest().app.networkTimeout.connectSocket,
            socketId: this.#id,
          },
          { onProgress: (...progress) => this.#receive(progress) },
        ).catch((error: Error) => {
          if (this.readyState === CLOSED) return;
          this.#emit('Error', { errMsg: `connectSocket:fail ${error.message}` });
          this.#ended({ code: 1006, reason: 'abnormal closure' });
        });
        started();
      });
    }

    #receive([event, data]: Progress<'connectSocket'>): void {
      if (event === 'open') {
        this.readyState = OPEN;
        this.#emit('Open', data);
      } else if (event === 'message') this.#emit('Message', data);
      else if (event === 'error') this.#emit('Error', data);
      else this.#ended(data);
    }
    #ended(data: { code: number; reason: string }): void {
      if (this.readyState === CLOSED) return;
      this.readyState = CLOSED;
      open.delete(this);
      this.#emit('Close', data);
    }
    #emit(event: SocketEvent, data: unknown): void {
      for (const listener of this.#listeners[event]) reporter.guard(`SocketTask.on${event}`, () => listener(data));
      if (this === latest) events.emit(`Socket${event}`, data);
    }

    async sendData(data: unknown): Promise<void> {
      if (typeof data !== 'string' && !(data instanceof ArrayBuffer))
        throw new ApiFailure('parameter error: parameter.data should be String or ArrayBuffer');
      if (this.readyState !== OPEN) throw new ApiFailure('SocketTask.readyState is not OPEN');
      await invoke('sendSocketMessage', { socketId: this.#id, data });
    }
    async closeWith(code = 1000, reason = ''): Promise<void> {
      if (this.readyState >= CLOSING) throw new ApiFailure('socket is closed');
      this.readyState = CLOSING;
      await invoke('closeSocket', { socketId: this.#id, code, reason });
    }

    send(options: { data: unknown } & Callbacks): void {
      api.settle('sendSocketMessage', options, this.sendData(options?.data));
    }
    close(options: { code?: number; reason?: string } & Callbacks = {}): void {
      api.settle('closeSocket', options, this.closeWith(options.code, options.reason));
    }
    onOpen(listener: Listener): void {
      this.#listeners.Open.push(listener);
    }
    onMessage(listener: Listener): void {
      this.#listeners.Message.push(listener);
    }
    onError(listener: Listener): void {
      this.#listeners.Error.push(listener);
    }
    onClose(listener: Listener): void {
      this.#listeners.Close.push(listener);
    }
  }

  return {
    connect(options) {
      const task = new SocketTask();
      const work = (async () => {
        checkOptions(options, { url: text() });
        if (!/^wss?:\/\//i.test(options.url)) throw new ApiFailure(`url not in domain list, url: ${options.url}`);
        if (open.size >= SOCKET_LIMIT) throw new ApiFailure(`exceed max connection limit ${SOCKET_LIMIT}`);
        open.add(task);
        latest = task;
        await task.connect(options);
        return { socketTaskId: lastId };
      })();
      api.settle('connectSocket', options, work);
      return task;
    },
    latest(name) {
      if (!latest) throw new ApiFailure(`${name}: there is no socket`);
      return latest;
    },
  };
}

/** `wx.onSocketX` replaces the listener, as the original does: these calls are older than the on/off pairs. */
const olderListener =
  (event: string): Definition<unknown> =>
  (_name, _state, { events }) =>
  (listener: Listener) => {
    events.off(event);
    events.on(event, listener);
  };

/** WebSockets: connectSocket and its SocketTask, and the older calls that act on the last socket. */
export const socketService = serviceWith(createSockets, {
  connectSocket: value(
    (sockets) =>
      (options: ConnectOptions = {} as ConnectOptions) =>
        sockets.connect(options),
  ),
  sendSocketMessage: asyncFunction({ data: optional(anything()) }, (sockets, { data }) =>
    sockets.latest('sendSocketMessage').sendData(data),
  ),
  closeSocket: asyncFunction({ code: optional(number()), reason: optional(text()) }, (sockets, { code, reason }) =>
    sockets.latest('closeSocket').closeWith(code, reason),
  ),
  onSocketOpen: olderListener('SocketOpen'),
  onSocketMessage: olderListener('SocketMessage'),
  onSocketError: olderListener('SocketError'),
  onSocketClose: olderListener('SocketClose'),
});
