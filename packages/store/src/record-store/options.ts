import type { RecordValue } from '../codec/message-codec.ts';

/** 1: check and increment (a version above 0 must be the stored one), 2: overwrite, 3: increment without a check. */
export type VersionPolicy = 1 | 2 | 3;
/** 0 nothing, 1 the record of the request, 2 the record after, 3 the record before. */
export type ResultFlag = 0 | 1 | 2 | 3;

export interface CallOptions {
  /** Milliseconds the call may take, retries included. Default 5,000. */
  timeoutMs?: number;
}

export interface ReadCallOptions extends CallOptions {
  /** A replica may answer: with what it has, which may be old. */
  stale?: boolean;
  /**
   * On shards: an answer that this process got so many milliseconds ago will do, when the key is hot. It is never older
   * than what this process wrote. Default: `hotAgeMs` of the store, 0.
   */
  maxAgeMs?: number;
}

export interface WriteCallOptions<R = RecordValue> extends CallOptions {
  /** Default 1. */
  policy?: VersionPolicy;
  /** Version of the request, see the policy. Default 0: any. */
  version?: number;
  /** What must be so of the stored record, in the grammar behind `where`. An absent record meets no condition. */
  condition?: string;
  /** What the result, or the error, brings along. */
  resultFlag?: { success?: ResultFlag; failure?: ResultFlag };
  /** Life of the record in ms from now; 0 is for ever. Default: that of the table. Field operations leave it alone. */
  ttlMs?: number;
  readonly __record?: R;
}

/** A record as it was found, decoded for this caller alone. */
export interface Found<R = RecordValue> {
  /** TCaplus's code: 0. */
  code: 0;
  record: Readonly<R>;
  version: number;
  /** Milliseconds UTC of the last change. */
  modified: number;
  /** Milliseconds UTC, 0 is never. */
  expires: number;
}

/** The record has still the version the request named; it is not sent again. TCaplus answers 288. */
export interface NotModified {
  code: 288;
  version: number;
}

export interface Written<R = RecordValue> {
  code: 0;
  version: number;
  /** As the result flag asked. */
  record?: Readonly<R>;
}

export interface Page<R = RecordValue> {
  records: Found<R>[];
  /** Pass it to go on behind this page; undefined at the end. It stays good while the table changes and moves. */
  cursor?: string;
}

export const DEFAULT_TIMEOUT_MS = 5_000;
