import type { Handlers, InvokeError, OnEvents, PublishEvents, SubscribeEvents } from '@sparrow/protocol';
import { Verb } from '@sparrow/protocol';
import type { CallName, CallParams, CallProgress, CallResult } from '../wx/contracts.ts';
import type { Channel } from './channel.ts';

/** A failed Invoke; `message` is what follows `<function>:fail `. */
export class InvokeFailure extends Error {
  readonly detail: InvokeError;
  constructor(detail: InvokeError) {
    super(detail.message);
    this.name = 'InvokeFailure';
    this.detail = detail;
  }
}

/** What a running call tells: one pair of event and data for each event of its contract. */
export type Progress<K extends CallName> = {
  [E in keyof CallProgress<K>]: [event: E, data: CallProgress<K>[E]];
}[keyof CallProgress<K>];

export interface InvokeOptions<K extends CallName> {
  onProgress?: (...progress: Progress<K>) => void;
  /** Told the number of the call before it is sent; `abort` takes it. */
  onId?: (id: number) => void;
  transfer?: Transferable[];
}

/** Calls a native ability. */
export type Invoke = <K extends CallName>(
  name: K,
  params: CallParams<K>,
  options?: InvokeOptions<K>,
) => Promise<CallResult<K>>;

/** Calls natives over a channel and matches the replies. */
export interface Invoker {
  readonly invoke: Invoke;
  /** For the owner of the channel: hands in the two On events that belong to calls. */
  reply(...args: OnEvents['reply']): void;
  progress(...args: OnEvents['progress']): void;
}

export function createInvoker(channel: Channel): Invoker {
  interface Pending {
    resolve(value: never): void;
    reject(error: Error): void;
    onProgress: ((event: string, data: unknown) => void) | undefined;
  }
  const pending = new Map<number, Pending>();
  let lastId = 0;
  return {
    invoke(name, params, options = {}) {
      const id = ++lastId;
      options.onId?.(id);
      return new Promise((resolve, reject) => {
        pending.set(id, { resolve, reject, onProgress: options.onProgress as Pending['onProgress'] });
        channel.post([Verb.Invoke, name, id, params], options.transfer ?? []);
      });
    },
    reply(id, result, error) {
      const call = pending.get(id);
      if (!call) return;
      pending.delete(id);
      if (error) call.reject(new InvokeFailure(error));
      else call.resolve(result as never);
    },
    progress(id, event, data) {
      pending.get(id)?.onProgress?.(event, data);
    },
  };
}

/** Sends typed messages of one verb. */
export function publish<K extends keyof PublishEvents>(channel: Channel, event: K, ...args: PublishEvents[K]): void {
  channel.post([Verb.Publish, event, ...args]);
}
export function notify<K extends keyof SubscribeEvents>(channel: Channel, event: K, ...args: SubscribeEvents[K]): void {
  channel.post([Verb.Subscribe, event, ...args]);
}
export function emitOn<K extends keyof OnEvents>(channel: Channel, event: K, ...args: OnEvents[K]): void {
  channel.post([Verb.On, event, ...args]);
}

type AnyHandlers = Record<string, (...args: never[]) => void>;

/**
 * Receives the messages of one channel. `handlers` has an entry for each verb that can arrive there, and each entry a
 * function for every event of its map.
 */
export function receive(
  channel: Channel,
  handlers: {
    publish?: Handlers<PublishEvents>;
    subscribe?: Handlers<SubscribeEvents>;
    on?: Partial<Handlers<OnEvents>>;
    invoke?: (name: string, id: number, params: unknown) => void;
    /** A message that fits nothing above: the other side is of another version, or hostile. */
    unknown?: (message: unknown[]) => void;
  },
): void {
  const byVerb: Record<string, AnyHandlers | undefined> = {
    [Verb.Publish]: handlers.publish as AnyHandlers | undefined,
    [Verb.Subscribe]: handlers.subscribe as AnyHandlers | undefined,
    [Verb.On]: handlers.on as AnyHandlers | undefined,
  };
  channel.listen((message) => {
    if (!Array.isArray(message)) return handlers.unknown?.([message]);
    const [verb, event, ...args] = message as [string, string, ...never[]];
    if (verb === Verb.Invoke && handlers.invoke) {
      const [id, params] = args as unknown as [number, unknown];
      return handlers.invoke(event, id, params);
    }
    const table = byVerb[verb];
    const handler = table && Object.hasOwn(table, event) ? table[event] : undefined;
    if (handler) handler(...args);
    else handlers.unknown?.(message);
  });
}
