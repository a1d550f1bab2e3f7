import type { SourceFile } from './project/source-tree.ts';

/** Results of the last build by file and variant; they hold as long as the file's text and name do. */
export interface Memo<T> {
  get(file: SourceFile, variant: string, compute: () => T): T;
  /** Ends a build: what it did not ask for is forgotten. */
  sweep(): void;
}

interface Slot<T> {
  hash: string;
  display: string;
  value: T;
}

export function createMemo<T>(): Memo<T> {
  let last = new Map<string, Slot<T>>();
  let current = new Map<string, Slot<T>>();
  return {
    get(file, variant, compute) {
      const key = `${file.path}\0${variant}`;
      const known = current.get(key) ?? last.get(key);
      const fits = known !== undefined && known.hash === file.hash && known.display === file.display;
      const slot = fits ? known : { hash: file.hash, display: file.display, value: compute() };
      current.set(key, slot);
      return slot.value;
    },
    sweep() {
      last = current;
      current = new Map();
    },
  };
}
