import type { Clock } from '@sparrow/core';
import type { PickAnswer } from '../router/placement.ts';
import type { Hosted } from './hosted.ts';
import type { Address, Ref } from './object.ts';

/** Objects that are on their way at once. */
const AT_ONCE = 32;
const ATTEMPTS = 4;
const PAUSE_MS = 100;
/** An object that somebody else moves, another drain for instance, is waited for so long. */
const OTHERS_MS = 15_000;

export interface DrainParts {
  objects: Hosted[];
  pick(type: string, companion: Ref | undefined): Promise<PickAnswer>;
  move(id: Address, to: PickAnswer): Promise<void>;
  clock: Clock;
  log(line: string): void;
}

/**
 * Moves all that can move to wherever a new object would be placed; companions follow those that they stay together
 * with. What leaves or ends meanwhile in another way is neither counted as moved nor as left.
 */
export async function drain({ objects, pick, move, clock, log }: DrainParts): Promise<{ moved: number; left: number }> {
  const movable = objects.filter(({ object }) => object.freeze);
  const order = [...movable.filter(({ together }) => !together), ...movable.filter(({ together }) => together)];
  let moved = 0;
  const next = order.values();
  const pause = (): Promise<void> =>
    new Promise((resolve) => {
      clock.after(PAUSE_MS, resolve);
    });
  const work = async (): Promise<void> => {
    for (const object of next) {
      const end = clock.elapsed() + OTHERS_MS;
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        while (object.state === 'moving' && clock.elapsed() < end) await pause();
        if (object.state === 'gone') break;
        try {
          await move(object.id, await pick(object.id.type, object.together));
          moved++;
          break;
        } catch (error) {
          if (attempt === ATTEMPTS - 1)
            log(`${object.id.type}/${object.id.key} stays: ${error instanceof Error ? error.message : String(error)}`);
          await pause();
        }
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return { moved, left: objects.filter(({ state }) => state !== 'gone').length };
}
