import { BoundedQueue } from '@sparrow/core/bounded-queue';
import type { InvokeError } from '@sparrow/protocol';
import { type Channel, emitOn } from '../bridge/index.ts';
import { type CallName, type Calls, callSpec } from '../wx/contracts.ts';
import { check, object } from '../wx/schema.ts';
import { NativeFailure } from './failure.ts';
import type { Call, Handler } from './host-half.ts';

/** A handler for every native ability; a missing one does not compile. */
export type NativeHandlers = { [K in CallName]: Handler<Calls[K]> };

/** What one phone may ask of its host at a time. */
export interface InvokeLimits {
  /** Time that calls may take of the host in one frame; those that come then wait. Milliseconds. */
  sliceMs: number;
  frameMs: number;
  /** Calls that wait for their turn, and what their texts and bytes may have together; more are refused. */
  maxWaiting: number;
  maxWaitingBytes: number;
  /** Calls that are being answered, like requests and open dialogs. */
  maxRunning: number;
}

/**
 * A program that fills its storage with a thousand calls at once is served within a second; a flood does not stop the
 * console.
 */
export const INVOKE_LIMITS: InvokeLimits = {
  sliceMs: 6,
  frameMs: 16,
  maxWaiting: 20_000,
  maxWaitingBytes: 128 << 20,
  maxRunning: 10_000,
};

interface Job {
  bytes: number;
  /** What has to be there first: calls begin in the order in which they came. */
  ready(): Promise<unknown> | undefined;
  run(): void;
}

/**
 * Connects a channel's Invokes with the handlers. Every call is checked: the other side runs a stranger's code.
 *
 * @param loading what a call still waits for before its handler can run; undefined when it is there
 */
export function createDispatcher(
  handlers: NativeHandlers,
  limits: InvokeLimits = INVOKE_LIMITS,
  loading: (name: CallName) => Promise<unknown> | undefined = () => undefined,
): {
  dispatch(channel: Channel, pageId: number, name: string, id: number, params: unknown): void;
  abort(channel: Channel, id: number): void;
  /** Ends everything that runs: the phone is closed. */
  close(): void;
} {
  const living = new Set<AbortController>();
  const running = new WeakMap<Channel, Map<number, AbortController>>();
  const turns = createTurns(limits);

  function start(channel: Channel, pageId: number, key: CallName, id: number, params: unknown): void {
    const fail = (error: InvokeError): void => emitOn(channel, 'reply', id, undefined, error);
    if (living.size >= limits.maxRunning) return fail({ message: 'too many calls are running' });
    const controller = new AbortController();
    const calls = running.get(channel) ?? new Map<number, AbortController>();
    running.set(channel, calls);
    calls.set(id, controller);
    living.add(controller);
    const call: Call = {
      id,
      pageId,
      signal: controller.signal,
      progress: (event: string, data: unknown) => emitOn(channel, 'progress', id, event, data),
    };
    const run = async (): Promise<unknown> => handlers[key](params as never, call as never);
    run()
      .then(
        (result) => emitOn(channel, 'reply', id, result ?? {}, undefined),
        (error: unknown) => {
          if (!(error instanceof NativeFailure)) console.error(`native ${key}`, error);
          fail(
            error instanceof NativeFailure
              ? error.detail
              : { message: error instanceof Error ? error.message : String(error) },
          );
        },
      )
      .finally(() => {
        calls.delete(id);
        living.delete(controller);
      });
  }

  return {
    dispatch(channel, pageId, name, id, params) {
      const fail = (error: InvokeError): void => emitOn(channel, 'reply', id, undefined, error);
      const declared = callSpec(name);
      if (!declared) return fail({ message: 'not supported' });
      const key = name as CallName;
      if (pageId !== 0 && !declared.spec.view) return fail({ message: 'access denied' });
      const wrong = check(object(declared.spec.params ?? {}), params);
      if (wrong) return fail({ message: `parameter error: ${wrong}` });
      const run = (): void => start(channel, pageId, key, id, params);
      // The answer to a question of the host's own, which asks whether the program still lives.
      if (key === 'debugResult') return run();
      const taken = turns.take({ bytes: sizeOf(params), ready: () => loading(key), run });
      if (!taken) fail({ message: 'too many calls are waiting' });
    },
    abort(channel, id) {
      running.get(channel)?.get(id)?.abort();
    },
    close() {
      turns.close();
      for (const controller of living) controller.abort();
    },
  };
}

/** Runs jobs in order, at once while there is time in this frame, the others in the frames that follow. */
function createTurns(limits: InvokeLimits): { take(job: Job): boolean; close(): void } {
  const waiting = new BoundedQueue<Job>(limits.maxWaiting);
  let bytes = 0;
  let frameStart = 0;
  let used = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function hasTime(): boolean {
    const now = performance.now();
    if (now - frameStart >= limits.frameMs) {
      frameStart = now;
      used = 0;
    }
    return used < limits.sliceMs;
  }
  function run(job: Job): void {
    const begin = performance.now();
    job.run();
    const end = performance.now();
    used += end - begin;
    // After a call that takes longer than a frame the others get theirs all the same.
    if (used >= limits.sliceMs) frameStart = Math.max(frameStart, end - limits.sliceMs);
  }
  function drain(): void {
    timer = undefined;
    while (waiting.size > 0 && hasTime()) {
      const wait = waiting.peek()?.ready();
      if (wait) return void wait.then(drain, drain);
      const job = waiting.shift() as Job;
      bytes -= job.bytes;
      run(job);
    }
    if (waiting.size > 0) timer = setTimeout(drain, limits.frameMs);
  }
  return {
    take(job) {
      if (waiting.size === 0 && hasTime() && !job.ready()) {
        run(job);
        return true;
      }
      if (bytes + job.bytes > limits.maxWaitingBytes || !waiting.push(job)) return false;
      bytes += job.bytes;
      // The first that waits sets the others in motion.
      if (waiting.size === 1 && job.ready()) drain();
      else if (waiting.size === 1) timer = setTimeout(drain, limits.frameMs);
      return true;
    },
    close() {
      clearTimeout(timer);
      waiting.clear();
    },
  };
}

/** Texts and bytes of a call, two levels deep: enough to tell a flood from what fits. */
function sizeOf(value: unknown, depth = 2): number {
  if (typeof value === 'string') return value.length;
  if (value instanceof ArrayBuffer) return value.byteLength;
  if (typeof value !== 'object' || value === null || depth === 0) return 8;
  let size = 8;
  for (const item of Object.values(value)) size += sizeOf(item, depth - 1);
  return size;
}
