type Listener = (...args: unknown[]) => void;

/** The channel between a page and the one that opened it (`navigateTo`'s `events`, `getOpenerEventChannel`). */
export class EventChannel {
  readonly #listeners = new Map<string, { listener: Listener; once: boolean }[]>();

  on(name: string, listener: Listener): void {
    this.#add(name, listener, false);
  }
  once(name: string, listener: Listener): void {
    this.#add(name, listener, true);
  }
  off(name: string, listener?: Listener): void {
    if (!listener) this.#listeners.delete(name);
    else
      this.#listeners.set(
        name,
        (this.#listeners.get(name) ?? []).filter((entry) => entry.listener !== listener),
      );
  }
  emit(name: string, ...args: unknown[]): void {
    const entries = this.#listeners.get(name) ?? [];
    this.#listeners.set(
      name,
      entries.filter((entry) => !entry.once),
    );
    for (const { listener } of entries) listener(...args);
  }
  #add(name: string, listener: Listener, once: boolean): void {
    const entries = this.#listeners.get(name) ?? [];
    entries.push({ listener, once });
    this.#listeners.set(name, entries);
  }
}
