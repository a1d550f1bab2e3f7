import type { PackageManifest, ServiceBundle, StyleBundle } from '@sparrow/protocol';
import type { CompilerErrorCode } from './errors.ts';
import type { Outcast } from './guard.ts';

/** What a worker needs to build a project. */
export interface BuildSetup {
  dir: string;
}

/** Parent → worker: build once. */
export interface BuildOrder {
  outcasts: readonly Outcast[];
  /** One script at a time, to find out which one ends the compiler. */
  serial: boolean;
}

/** Worker → parent. */
export type BuildNews =
  /** This file comes next. */
  | { type: 'file'; path: string; hash: string }
  | { type: 'built'; pkg: PlainPackage }
  /** This file ended the compiler; the worker is of no more use. */
  | { type: 'broke'; path: string; hash: string; message: string }
  /** The project cannot be built at all. */
  | { type: 'failed'; error: PlainError };

/** A package as it goes from thread to thread. */
export interface PlainPackage {
  manifest: PackageManifest;
  services: Map<string, ServiceBundle>;
  styles: Map<string, StyleBundle>;
  maps: Map<string, string>;
  /** Absolute path by path in the package. */
  assets: Map<string, string>;
}

export interface PlainError {
  /** Of a CompilerError. */
  code?: CompilerErrorCode;
  message: string;
  hint?: string;
  /** Of an error of the file system. */
  syscall?: string;
  stack?: string;
}
