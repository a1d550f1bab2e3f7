declare global {
  /** Methods of Node's Buffer that its types leave out; `toString` and `write` end in them. */
  interface Buffer {
    utf8Slice(start: number, end: number): string;
    latin1Slice(start: number, end: number): string;
    utf8Write(text: string, at: number, length: number): number;
  }
}

export {};
