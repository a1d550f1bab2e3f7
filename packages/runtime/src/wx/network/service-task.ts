import { ApiFailure, type Callbacks, checkOptions } from '../../service/wx/api.ts';
import type { WxContext } from '../../service/wx/context.ts';
import type { CallParams, CallResult } from '../contracts.ts';
import type { Fields } from '../schema.ts';

type Listener = (data: unknown) => void;
type Networked = 'request' | 'uploadFile' | 'downloadFile';

/** Lower-cased header names with text values. */
export function headersOf(given: Record<string, unknown> | undefined): Record<string, string> {
  const header: Record<string, string> = {};
  for (const [name, value] of Object.entries(given ?? {}))
    if (value !== undefined && value !== null) header[name.toLowerCase()] = String(value);
  delete header.referer;
  return header;
}

/**
 * Starts a network call that has a task object: `abort`, and an `onX`/`offX` pair for every event. The task is returned
 * when there are callbacks; without them a promise that carries the task's methods.
 */
export function startTask<K extends Networked, R extends object>(
  { api, invoke, reporter }: WxContext,
  call: {
    name: K;
    options: Callbacks;
    fields: Fields;
    params(): CallParams<K>;
    /** Event of the task by the name of the progress message. */
    events: Record<string, string>;
    result(answer: CallResult<K>): R | Promise<R>;
  },
): unknown {
  const { name, options } = call;
  const listeners = new Map<string, Set<Listener>>();
  const emit = (event: string, data: unknown): void => {
    for (const listener of listeners.get(event) ?? []) reporter.guard(`wx.${name} on${event}`, () => listener(data));
  };
  let id = 0;
  let aborted = false;
  const work = (async () => {
    checkOptions(options, call.fields);
    const params = call.params();
    // The task is the caller's before anything is sent, so an abort at once sends nothing.
    await Promise.resolve();
    if (aborted) throw new ApiFailure('abort');
    const onProgress = (progress: string, data: unknown): void => {
      const event = call.events[progress];
      if (event) emit(event, data);
    };
    const onId = (given: number): void => {
      id = given;
    };
    const answer = await invoke(name, params, { onId, onProgress: onProgress as never });
    if (aborted) throw new ApiFailure('abort');
    return call.result(answer);
  })();
  const task: Record<string, unknown> = {
    abort: () => {
      aborted = true;
      if (id) void invoke('abort', { id }).catch(() => {});
    },
  };
  for (const event of new Set(Object.values(call.events))) {
    const known = new Set<Listener>();
    listeners.set(event, known);
    task[`on${event}`] = (listener: Listener) => void (typeof listener === 'function' && known.add(listener));
    task[`off${event}`] = (listener?: Listener) => (listener ? void known.delete(listener) : known.clear());
  }
  if (options.success || options.fail || options.complete) {
    api.settle(name, options, work);
    return task;
  }
  const promise = new Promise((resolve, reject) => {
    api.settle(name, { success: resolve, fail: reject }, work);
  });
  return Object.assign(promise, task);
}
