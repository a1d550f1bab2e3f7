import type { Invoker } from '../bridge/index.ts';
import { told } from './uncaught.ts';

/** The door by which tests, `check` and the watch over the logic layer run functions in it. */
export function createDebugDoor(options: {
  /** Open in debug boots only. */
  open: boolean;
  invoker: Invoker;
  /** What the functions get first. */
  env(): object;
}): (id: number, source: string, args: unknown[]) => Promise<void> {
  const { open, invoker, env } = options;
  return async (id, source, args) => {
    try {
      if (!open) throw new Error('evaluate is switched off');
      // biome-ignore lint/security/noGlobalEval: the debugging door, open only in debug boots
      const run = (0, eval)(`(${source})`) as (...a: unknown[]) => unknown;
      const value = await run(env(), ...args);
      await invoker.invoke('debugResult', { id, value });
    } catch (error) {
      await invoker.invoke('debugResult', { id, value: undefined, error: told(error) });
    }
  };
}
