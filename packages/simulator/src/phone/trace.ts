import type { TraceEntry } from '@sparrow/protocol';
import { Verb } from '@sparrow/protocol';
import type { Channel } from '@sparrow/runtime/bridge';
import type { Meter } from './meter.ts';

/** Sees every message between native and the other layers. */
export type Trace = (entry: Omit<TraceEntry, 'phone'>) => void;

const NAMES = {
  [Verb.Publish]: 'Publish',
  [Verb.Subscribe]: 'Subscribe',
  [Verb.Invoke]: 'Invoke',
  [Verb.On]: 'On',
} as const;

/** The same channel with a tap. What is more than the meter lets through is not looked at. */
export function traced(channel: Channel, trace: Trace, pageId: number, meter: Meter): Channel {
  // The watch over the logic layer asks every two seconds; question, answer and receipt would drown what is looked for.
  const answers = new Set<unknown>();
  const note = (message: readonly unknown[]): void => {
    const [verb, event, ...args] = message as [Verb, string, ...unknown[]];
    const name = NAMES[verb];
    if (event === 'debugResult') answers.add(args[0]);
    if (event === 'evaluate' || event === 'debugResult' || (event === 'reply' && answers.delete(args[0]))) return;
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

/** Texts longer than this are not looked at: tracing must not cost more than the message. Characters. */
const MAX_PREVIEW = 2_000;

function preview(args: unknown[]): string {
  try {
    let budget = MAX_PREVIEW;
    return (
      JSON.stringify(args, (_key, value: unknown) => {
        if (budget <= 0) return undefined;
        if (typeof value === 'string') {
          budget -= value.length;
          return value.length > 200 ? `${value.slice(0, 200)}…` : value;
        }
        budget -= 8;
        return value;
      }) ?? ''
    );
  } catch {
    return '';
  }
}
