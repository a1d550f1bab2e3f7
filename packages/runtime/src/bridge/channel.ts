/** A two-way pipe of messages between two layers. Messages arrive in order; what was posted before `listen` is kept. */
export interface Channel {
  post(message: readonly unknown[], transfer?: Transferable[]): void;
  /** Takes over all messages; called once. */
  listen(receive: (message: unknown[], ports: readonly MessagePort[]) => void): void;
  close(): void;
}

/** Over a MessagePort: to another thread or frame. Messages are cloned. */
export function portChannel(port: MessagePort): Channel {
  return {
    post: (message, transfer = []) => port.postMessage(message, transfer),
    listen(receive) {
      port.onmessage = (event) => receive(event.data, event.ports);
    },
    close: () => port.close(),
  };
}

/** Inside one thread, without cloning; a message arrives in a later microtask, never inside `post`. */
export function localChannelPair(): [Channel, Channel] {
  const ends = [createEnd(), createEnd()] as const;
  ends[0].peer = ends[1];
  ends[1].peer = ends[0];
  return [ends[0], ends[1]];
}

interface LocalEnd extends Channel {
  peer: LocalEnd | undefined;
  accept(message: unknown[]): void;
}

function createEnd(): LocalEnd {
  let receive: ((message: unknown[], ports: readonly MessagePort[]) => void) | undefined;
  let waiting: unknown[][] = [];
  let closed = false;
  const end: LocalEnd = {
    peer: undefined,
    post(message) {
      const { peer } = end;
      if (peer && !closed) queueMicrotask(() => peer.accept(message as unknown[]));
    },
    listen(callback) {
      receive = callback;
      const kept = waiting;
      waiting = [];
      for (const message of kept) queueMicrotask(() => end.accept(message));
    },
    accept(message) {
      if (closed) return;
      if (receive) receive(message, []);
      else waiting.push(message);
    },
    close() {
      closed = true;
      waiting = [];
    },
  };
  return end;
}
