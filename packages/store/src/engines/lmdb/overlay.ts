/** What is durable in the log and not yet in LMDB, and what is not even durable. */

export interface Entry {
  /** The key as `textOf` gives it. */
  text: string;
  /** Key of LMDB, space byte included. */
  key: Buffer;
  /** Stored bytes; undefined removes. */
  value: Buffer | undefined;
  sequence: number;
}

/** Keys as strings of one character a byte: they compare like the bytes, and a Map finds them. */
export const textOf = (key: Buffer): string => key.latin1Slice(0, key.length);

export class Overlay {
  /** Computed, on the way to the disk. */
  readonly pending = new Map<string, Entry>();
  /** On the disk, for the next batch of LMDB. */
  durable = new Map<string, Entry>();
  /** In the batch that LMDB is committing. */
  applying = new Map<string, Entry>();
  bytes = 0;
  #sorted: { source: Map<string, Entry>; size: number; keys: string[] }[] = [];

  /** The newest durable entry. */
  find(text: string): Entry | undefined {
    return this.durable.get(text) ?? this.applying.get(text);
  }

  /** Entries up to a sequence number became durable. */
  settle(entries: readonly Entry[]): void {
    for (const entry of entries) {
      const { text } = entry;
      if (this.pending.get(text) === entry) this.pending.delete(text);
      const old = this.durable.get(text);
      if (old) this.bytes -= size(old);
      this.durable.set(text, entry);
      this.bytes += size(entry);
    }
  }

  /** Takes what is durable for a batch. */
  take(): Map<string, Entry> {
    this.applying = this.durable;
    this.durable = new Map();
    this.#sorted = [];
    return this.applying;
  }

  applied(): void {
    for (const entry of this.applying.values()) this.bytes -= size(entry);
    this.applying = new Map();
    this.#sorted = [];
  }

  /** The batch failed: what it held waits again, unless it was changed since. */
  putBack(): void {
    for (const [text, entry] of this.applying)
      if (this.durable.has(text)) this.bytes -= size(entry);
      else this.durable.set(text, entry);
    this.applying = new Map();
    this.#sorted = [];
  }

  /** Durable entries with from ≤ key < to, in order, the newest of each key. */
  range(from: string, to: string): Entry[] {
    const found = new Map<string, Entry>();
    for (const source of [this.applying, this.durable]) {
      const keys = this.#keysOf(source);
      for (let i = lowerBound(keys, from); i < keys.length && (keys[i] as string) < to; i++)
        found.set(keys[i] as string, source.get(keys[i] as string) as Entry);
    }
    return [...found.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => entry);
  }

  /** Sorted once for as long as no key was added. */
  #keysOf(source: Map<string, Entry>): string[] {
    let known = this.#sorted.find((entry) => entry.source === source);
    if (!known || known.size !== source.size) {
      this.#sorted = this.#sorted.filter((entry) => entry.source !== source);
      known = { source, size: source.size, keys: [...source.keys()].sort() };
      this.#sorted.push(known);
    }
    return known.keys;
  }
}

const size = (entry: Entry): number => entry.key.length * 2 + (entry.value?.length ?? 0) + 160;

function lowerBound(keys: readonly string[], wanted: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((keys[middle] as string) < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}
