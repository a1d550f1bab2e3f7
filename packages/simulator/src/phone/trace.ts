import { type SeenMessage, Verb } from '@sparrow/protocol';
import { type Channel, MAX_PREVIEW, preview } from '@sparrow/runtime/bridge';
import type { Meter } from './meter.ts';

/** Takes what passes on the bridge. */
export type Trace = (message: SeenMessage) => void;

const NAMES = {
  [Verb.Publish]: 'Publish',
  [Verb.Subscribe]: 'Subscribe',
  [Verb.Invoke]: 'Invoke',
  [Verb.On]: 'On',
} as const;

const VERBS: ReadonlySet<unknown> = new Set(Object.values(NAMES));

/** A message that the logic layer says it has seen; it runs a stranger's code and may say anything. */
export function seenMessage(given: unknown): SeenMessage | undefined {
  const { verb, event, pageId, size, summary, time } = (given ?? {}) as Partial<Record<keyof SeenMessage, unknown>>;
  if (!VERBS.has(verb)) return undefined;
  return {
    time: Number(time) || Date.now(),
    verb: verb as SeenMessage['verb'],
    event: String(event).slice(0, 100),
    pageId: Number(pageId) || 0,
    size: Number(size) || 0,
    summary: String(summary).slice(0, MAX_PREVIEW),
  };
}

/** Messages of the watch over the logic layer and of the tracing itself; they would drown what is looked for. */
const OWN = new Set(['evaluate', 'debugResult', 'trace']);

/**
 * The same channel, between native and another layer, with a tap. What is more than the meter lets through is not
 * looked at.
 */
export function traced(channel: Channel, trace: Trace, pageId: number, meter: Meter): Channel {
  /** Calls of ours whose receipts are still to come. */
  const receipts = new Set<unknown>();
  const note = (message: readonly unknown[]): void => {
    const [verb, event, ...args] = message as [Verb, string, ...unknown[]];
    const name = NAMES[verb];
    if (OWN.has(event)) {
      if (verb === Verb.Invoke) receipts.add(args[0]);
      return;
    }
    if (event === 'reply' && receipts.delete(args[0])) return;
    if (!name || !meter.take()) return;
    const summary = preview(args);
    trace({
      time: Date.now(),
      verb: name,
      event,
      pageId,
      size: summary.length,
      summary: summary.slice(0, MAX_PREVIEW),
    });
  };
  return {
    post(message, transfer) {
      note(message);
      channel.post(message, transfer);
    },
    listen: (receive) =>
      channel.listen((message, ports) => {
        note(message);
        receive(message, ports);
      }),
    close: () => channel.close(),
  };
}
