import { BoundedQueue } from '@sparrow/core';
import type { DevEvent } from '@sparrow/protocol';
import type { WebSocket } from 'ws';

/** Events that wait for a slow phone; with more it is cut off and comes back. */
const WAITING = 1_000;
/** Bytes on their way to a phone; while there are as many, events wait here. */
const ON_THE_WAY = 1 << 20;

/**
 * Sends events to one phone in their order. A phone that reads slowly gets them late, and all of them; one for which
 * too many wait is cut off, so that it connects anew and asks for what is true then.
 */
export function createEventFeed(client: WebSocket): (event: DevEvent) => void {
  const waiting = new BoundedQueue<string>(WAITING);
  const pump = (): void => {
    while (client.readyState === client.OPEN && client.bufferedAmount < ON_THE_WAY) {
      const text = waiting.shift();
      if (text === undefined) return;
      // What has left makes room for the next ones.
      client.send(text, pump);
    }
  };
  return (event) => {
    if (waiting.push(JSON.stringify(event))) pump();
    else client.terminate();
  };
}
