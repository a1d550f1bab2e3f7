import { BoundedQueue, type Clock, Phrase } from '@sparrow/core';
import type { BackendStatus, DevEvent, LogLine } from '@sparrow/protocol';

/** Log lines that are kept for who joins later; older ones are dropped. */
const KEPT_LINES = 2000;
/** Longer lines are cut. */
const MAX_LINE = 8192;

/** A line of the log as it is given. */
export type NewLine = Omit<LogLine, 'time' | 'text' | 'zh'> & { time?: number; text: string | Phrase };

/** What happens in a dev run: those who are connected hear it, those who come later can ask for the newest lines. */
export interface DevEvents {
  /** Hears every event from now on; returns a function that ends it. A listener that throws is not heard of again. */
  subscribe(listener: (event: DevEvent) => void): () => void;
  emit(event: DevEvent): void;
  /** A line; what Sparrow says itself is a phrase, and is kept in both languages. */
  log(line: NewLine): void;
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
          text: cut(String(text)),
          ...(text instanceof Phrase && text.zh !== undefined && { zh: cut(text.zh) }),
          ...line,
        },
      });
    },
    recent: () => lines.toArray(),
    backend: () => status,
  };
  return events;
}

const cut = (text: string): string => (text.length > MAX_LINE ? `${text.slice(0, MAX_LINE)} …` : text);
