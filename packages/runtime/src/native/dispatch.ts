import type { InvokeError, InvokeMap, InvokeName } from '@sparrow/protocol';
import { type Channel, emitOn } from '../bridge/index.ts';
import { INVOKE_SPECS } from './specs.ts';

/** Fails an Invoke: the mini program gets `<name>:fail <message>`. */
export class NativeFailure extends Error {
  readonly detail: InvokeError;
  constructor(message: string, more: Omit<InvokeError, 'message'> = {}) {
    super(message);
    this.name = 'NativeFailure';
    this.detail = { message, ...more };
  }
}

/** Who calls, and how to tell it of progress. */
export interface Call {
  readonly id: number;
  /** Page of the calling view, 0 for the logic layer. */
  readonly pageId: number;
  readonly signal: AbortSignal;
  progress(event: string, data: unknown): void;
}

/** A handler for every native ability; a missing one does not compile. */
export type NativeHandlers = {
  [K in InvokeName]: (params: InvokeMap[K][0], call: Call) => Promise<InvokeMap[K][1]> | InvokeMap[K][1];
};

/** Abilities a view may invoke by itself; all others belong to the logic layer. */
const VIEW_MAY: ReadonlySet<InvokeName> = new Set<InvokeName>([
  'showPicker',
  'navigateTo',
  'redirectTo',
  'switchTab',
  'reLaunch',
  'navigateBack',
  'exitMiniProgram',
  'makePhoneCall',
  'getUserInfo',
  'log',
]);

/** Connects a channel's Invokes with the handlers. Every call is checked: the other side runs a stranger's code. */
export function createDispatcher(handlers: NativeHandlers): {
  dispatch(channel: Channel, pageId: number, name: string, id: number, params: unknown): void;
  abort(channel: Channel, id: number): void;
  /** Ends everything that runs: the phone is closed. */
  close(): void;
} {
  const living = new Set<AbortController>();
  const running = new WeakMap<Channel, Map<number, AbortController>>();
  return {
    dispatch(channel, pageId, name, id, params) {
      const fail = (error: InvokeError): void => emitOn(channel, 'reply', id, undefined, error);
      if (!Object.hasOwn(INVOKE_SPECS, name)) return fail({ message: `not supported` });
      const key = name as InvokeName;
      if (pageId !== 0 && !VIEW_MAY.has(key)) return fail({ message: 'access denied' });
      const wrong = INVOKE_SPECS[key](params);
      if (wrong) return fail({ message: `parameter error: ${wrong}` });
      const controller = new AbortController();
      const calls = running.get(channel) ?? new Map<number, AbortController>();
      running.set(channel, calls);
      calls.set(id, controller);
      living.add(controller);
      const call: Call = {
        id,
        pageId,
        signal: controller.signal,
        progress: (event, data) => emitOn(channel, 'progress', id, event, data),
      };
      const run = async (): Promise<unknown> => handlers[key](params as never, call);
      run()
        .then(
          (result) => emitOn(channel, 'reply', id, result ?? {}, undefined),
          (error: unknown) => {
            if (!(error instanceof NativeFailure)) console.error(`native ${name}`, error);
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
    },
    abort(channel, id) {
      running.get(channel)?.get(id)?.abort();
    },
    close() {
      for (const controller of living) controller.abort();
    },
  };
}
