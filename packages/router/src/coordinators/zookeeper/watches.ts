import type { Closable } from '../coordinator.ts';
import type { Persistence } from './persistence.ts';

export interface Watch {
  /** Nodes whose next change is told. */
  readonly paths: Set<string>;
  /** Looks again. */
  refresh(): void;
}

/** Everything that is looked at again when ZooKeeper says that it changed, or when the connection was lost. */
export class Watches {
  readonly #all = new Set<Watch>();
  readonly #persistence: Persistence;

  constructor(persistence: Persistence) {
    this.#persistence = persistence;
  }

  /** Calls `load` now and after every change, one at a time. */
  add(load: (watch: Watch) => Promise<void>, what: string): Closable & Watch {
    let isOver = false;
    let isRunning = false;
    let again = false;
    const run = async (): Promise<void> => {
      do {
        again = false;
        watch.paths.clear();
        await this.#persistence.keep(
          () => load(watch),
          what,
          () => isOver,
        );
      } while (again && !isOver && !this.#persistence.isClosed);
      isRunning = false;
    };
    const watch: Watch = {
      paths: new Set(),
      refresh() {
        again = true;
        if (isRunning) return;
        isRunning = true;
        void run();
      },
    };
    this.#all.add(watch);
    watch.refresh();
    return Object.assign(watch, {
      close: () => {
        isOver = true;
        this.#all.delete(watch);
      },
    });
  }

  /** The session or the connection is another: nothing is watched any more. */
  refreshAll(): void {
    for (const watch of this.#all) watch.refresh();
  }

  onEvent(path: string): void {
    for (const watch of [...this.#all]) if (watch.paths.delete(path)) watch.refresh();
  }

  close(): void {
    this.#all.clear();
  }
}
