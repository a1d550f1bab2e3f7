import { writeSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { deserialize, serialize } from 'node:v8';
import type { PackageManifest, ServiceBundle, StyleBundle } from '@sparrow/protocol';
import type { CompilerErrorCode } from './errors.ts';
import type { Outcast } from './guard.ts';

/** The compiler's process writes its news to this file descriptor. */
export const NEWS_FD = 3;
/** Each message has its length before it, in bytes. */
const LENGTH_BYTES = 4;

/** Parent → compiler: build once. */
export interface BuildOrder {
  outcasts: readonly Outcast[];
  /** One script at a time, to find out which one ends the compiler. */
  serial: boolean;
}

/** Compiler → parent. */
export type BuildNews =
  /** This file comes next. */
  | { type: 'file'; path: string; hash: string }
  | { type: 'built'; pkg: PlainPackage }
  /** This file ended the compiler; the process is of no more use. */
  | { type: 'broke'; path: string; hash: string; message: string }
  /** The project cannot be built at all. */
  | { type: 'failed'; error: PlainError };

/** A package as it goes from process to process. */
export interface PlainPackage {
  manifest: PackageManifest;
  services: Map<string, ServiceBundle>;
  styles: Map<string, StyleBundle>;
  maps: Map<string, string>;
  /** Absolute path by path in the package. */
  assets: Map<string, string>;
}

export interface PlainError {
  message: string;
  /** Of a CompilerError: its code, and both of its sentences in Chinese. */
  code?: CompilerErrorCode;
  hint?: string;
  chinese?: { message: string; hint: string };
  /** Of an error of the file system. */
  syscall?: string;
  stack?: string;
}

/** Writes before it returns: what comes next may be the end of this process, and its reason must be known by then. */
export function tellNews(news: BuildNews): void {
  const content = serialize(news);
  const message = Buffer.alloc(LENGTH_BYTES + content.length);
  message.writeUInt32LE(content.length);
  content.copy(message, LENGTH_BYTES);
  for (let at = 0; at < message.length; ) at += writeSync(NEWS_FD, message, at);
}

/** Calls back with each message that is there as a whole. */
export function readNews(stream: Readable, onNews: (news: BuildNews) => void): void {
  let chunks: Buffer[] = [];
  let size = 0;
  let wanted = LENGTH_BYTES;
  stream.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    size += chunk.length;
    if (size < wanted) return;
    let rest = Buffer.concat(chunks);
    for (;;) {
      wanted = LENGTH_BYTES + (rest.length < LENGTH_BYTES ? 0 : rest.readUInt32LE());
      if (rest.length < LENGTH_BYTES || rest.length < wanted) break;
      onNews(deserialize(rest.subarray(LENGTH_BYTES, wanted)) as BuildNews);
      rest = rest.subarray(wanted);
    }
    chunks = [rest];
    size = rest.length;
  });
}
