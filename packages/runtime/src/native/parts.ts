type State = Promise<unknown> | 'loaded' | 'late' | 'failed';

/** Parts that are loaded when they are first needed. */
export interface Parts<Name extends string> {
  /** Loads a part; undefined when it is there, or cannot be had just now. */
  need(name: Name): Promise<unknown> | undefined;
  /** A call has failed for want of the part: the next one tries again. */
  missed(name: Name): void;
}

/**
 * A part that has not come in time is given up until it comes after all: the call that waited for it fails, and so do
 * those that follow, at once. It is on its way still, and must not be made twice.
 *
 * @param load resolves when the part is there
 * @param withinMs how long a call waits
 */
export function createParts<Name extends string>(load: (name: Name) => Promise<void>, withinMs: number): Parts<Name> {
  const states = new Map<Name, State>();

  function begin(name: Name): Promise<unknown> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const settle = (state: 'loaded' | 'late' | 'failed'): void => {
      clearTimeout(late);
      states.set(name, state);
      resolve();
    };
    const late = setTimeout(settle, withinMs, 'late');
    load(name).then(
      () => settle('loaded'),
      (error: unknown) => {
        console.error(`the host half of ${name}`, error);
        settle('failed');
      },
    );
    states.set(name, promise);
    return promise;
  }

  return {
    need(name) {
      const state = states.get(name);
      if (state === undefined) return begin(name);
      return state instanceof Promise ? state : undefined;
    },
    missed(name) {
      if (states.get(name) === 'failed') states.delete(name);
    },
  };
}
