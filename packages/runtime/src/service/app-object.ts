import type { Reporter } from './reporter.ts';

type Hook = 'onLaunch' | 'onShow' | 'onHide' | 'onError' | 'onPageNotFound' | 'onThemeChange' | 'onUnhandledRejection';

/** What a program gave to `App`, and its life cycle. */
export interface AppObject {
  readonly instance: Record<string, unknown> | undefined;
  define(definition: Record<string, unknown>): void;
  /** Calls what the program has of this name; what that throws is reported. */
  hook(name: Hook, ...args: unknown[]): void;
  /** Once: app.js has run, or there is none, and the program begins. */
  launch(run: () => void, options: unknown): void;
}

export function createAppObject(reporter: Pick<Reporter, 'guard'>): AppObject {
  let instance: Record<string, unknown> | undefined;
  let launched = false;
  const hook: AppObject['hook'] = (name, ...args) => {
    const method = instance?.[name];
    if (typeof method === 'function')
      reporter.guard(`App ${name}`, () => (method as (...a: unknown[]) => unknown).apply(instance, args));
  };
  return {
    get instance() {
      return instance;
    },
    define(definition) {
      instance = definition ?? {};
    },
    hook,
    launch(run, options) {
      if (launched) return;
      launched = true;
      reporter.guard('app.js', run);
      instance ??= {};
      hook('onLaunch', options);
      hook('onShow', options);
    },
  };
}
