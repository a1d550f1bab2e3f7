import { type SeenMessage, Verb } from '@sparrow/protocol';
import { type Channel, MAX_PREVIEW, preview } from '../bridge/index.ts';

/** Seen messages are told together, this often. Milliseconds. */
const TELL_MS = 100;
/** Messages that wait to be told; of more only the number is. */
const MAX_WAITING = 200;

/** Reads along what passes between the logic layer and its views. Made only when a tool wants it. */
export interface ViewTap {
  /** The same channel; messages both ways are seen. */
  channel(channel: Channel, pageId: number): Channel;
  /** A component has set data; the flush that follows carries what that changes in the tree. */
  setData(pageId: number, component: string, data: unknown): void;
}

/** @param tell takes the messages of a moment */
export function createViewTap(tell: (messages: SeenMessage[]) => void): ViewTap {
  let waiting: SeenMessage[] = [];
  let leftOut = 0;
  let isScheduled = false;

  function flush(): void {
    isScheduled = false;
    const messages = waiting;
    waiting = [];
    if (leftOut > 0) messages.push(seen('Publish', `… ${leftOut} more`, 0, ''));
    leftOut = 0;
    tell(messages);
  }
  function note(verb: SeenMessage['verb'], event: string, pageId: number, summary: () => string): void {
    if (!isScheduled) setTimeout(flush, TELL_MS);
    isScheduled = true;
    // What nobody will see is not encoded.
    if (waiting.length < MAX_WAITING) waiting.push(seen(verb, event, pageId, summary()));
    else leftOut++;
  }
  function noteMessage(message: readonly unknown[], pageId: number): void {
    const [verb, event, ...args] = message as [Verb, string, ...unknown[]];
    if (verb === Verb.Publish)
      note('Publish', event, pageId, () => (event === 'flush' ? flushText(args) : preview(args)));
    else if (verb === Verb.Subscribe)
      note('Subscribe', event === 'event' ? nameOf(args) : event, pageId, () => preview(args));
  }

  return {
    channel: (channel, pageId) => ({
      post(message, transfer) {
        noteMessage(message, pageId);
        channel.post(message, transfer);
      },
      listen: (receive) =>
        channel.listen((message, ports) => {
          noteMessage(message, pageId);
          receive(message, ports);
        }),
      close: () => channel.close(),
    }),
    setData: (pageId, component, data) => note('Publish', 'setData', pageId, () => preview({ component, data })),
  };
}

const seen = (verb: SeenMessage['verb'], event: string, pageId: number, text: string): SeenMessage => ({
  time: Date.now(),
  verb,
  event,
  pageId,
  size: text.length,
  summary: text.slice(0, MAX_PREVIEW),
});

/** A flush is encoded already when it goes to another thread. */
function flushText([seq, , batch]: unknown[]): string {
  return `#${String(seq)} ${typeof batch === 'string' ? batch : preview(batch)}`;
}

/** `event tap` says more than `event`. */
function nameOf([event]: unknown[]): string {
  return `event ${String((event as { type?: unknown } | undefined)?.type)}`;
}
