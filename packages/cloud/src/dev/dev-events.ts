import { BoundedQueue, type Clock } from '@sparrow/core';
import type { BackendStatus, DevEvent, LogLine } from '@sparrow/protocol';

/** Log lines that are kept for who joins later; older ones are dropped. */
const KEPT_LINES = 2000;
/** Longer lines are cut. */
const MAX_LINE = 8192;

/** What happens in a dev run: those who are connected hear it, those who come later can ask for the newest lines. */
export interface DevEvents {
  /** Hears every event from now on; returns a function that ends it. A listener that throws is not heard of again. */
  subscribe(listener: (event: DevEvent) => void): () => void;
  emit(event: DevEvent): void;
  log(line: Omit<LogLine, 'time'> & { time?: number }): void;
  recent(): LogLine[];
  backend(): BackendStatus;
}

export function createDevEvents(options: { clock: Clock; kept?: number }): DevEvents {
  const listeners = new Set<(event: DevEvent) => void>();
  const lines = new BoundedQueue<LogLine>(options.kept ?? KEPT_LINES);
  let status: BackendStatus = { state: 'none', restarts: 0 };

  const events: DevEvents = {
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    emit(event) {
      if (event.type === 'backend') status = event.status;
      if (event.type === 'log') {
        if (lines.size === lines.limit) lines.shift();
        lines.push(event.line);
      }
      for (const listener of [...listeners]) {
        try {
          listener(event);
        } catch {
          listeners.delete(listener);
        }
      }
    },
    log({ time, text, ...line }) {
      events.emit({
        type: 'log',
        line: {
          time: time ?? options.clock.now(),
          text: text.length > MAX_LINE ? `${text.slice(0, MAX_LINE)} …` : text,
          ...line,
        },
      });
    },
    recent: () => lines.toArray(),
    backend: () => status,
  };
  return events;
}
