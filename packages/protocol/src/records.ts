/**
 * The record service: a backend's way to its records. POST `RECORD_OPEN_PATH` with the backend's token answers where
 * the socket is; on it go frames, in both directions: length of the rest (uint32; all numbers are big-endian), then
 * that rest.
 *
 * The first frame of a client is `RecordHello` as JSON, the first of the service `RecordWelcome` or `RecordTurnedAway`
 * as JSON; a client waits for it. Then
 * - a call: number of the call (uint32, chosen by the client, not in use), operation (uint8: its place in
 *   `RECORD_OPERATIONS` of the kind of table, and `RECORD_HAS_OPTIONS`), number of the table (uint16: its place in the
 *   welcome), body. The body of the first `RECORD_ENCODED` operations of a GENERIC table is the record, or the key, as
 *   protobuf bytes (a key has all its fields, defaults too), or such keys, each behind its length (uint32); where it
 *   has options, their length (uint32) and JSON come before it. The body of every other operation is its arguments, an
 *   array, as JSON.
 * - an answer: number of the call (uint32), `RECORD_ANSWER` (uint8), body. Answers come in any order.
 *
 * Values that JSON has not are tagged, see `RecordTag`.
 */
export const RECORD_OPEN_PATH = '/records/v1/open';
export const RECORD_PROTOCOL_VERSION = 2;
/** Bytes of one frame; more ends the connection. */
export const RECORD_FRAME_BYTES = 32 * 1024 * 1024;
/** Calls of one connection that may be under way; further ones wait in the socket. */
export const RECORD_CALLS_AT_ONCE = 1024;

/** `$n` a bigint as text, `$b` bytes as base64. Keys of objects that begin with `$` carry one more. */
export type RecordTag = { $n: string } | { $b: string };

export interface RecordOpenReply {
  /** Path of a Unix socket. */
  socket: string;
  version: number;
  tables: { name: string; kind: 'GENERIC' | 'LIST' | 'SORTLIST' }[];
}

export interface RecordHello {
  version: number;
  /** SPARROW_TOKEN. */
  token: string;
}

/**
 * The answer to a hello of another version or with another token; the connection ends behind it. Version 1 reads it as
 * an answer, too.
 */
export interface RecordTurnedAway {
  i: 0;
  e: RecordFailure;
}

/** Operations of the record store that a backend may call; the arguments are those of the store. */
export const RECORD_OPERATIONS = {
  GENERIC: [
    'insert',
    'replace',
    'update',
    'delete',
    'get',
    'batchGet',
    'batch',
    'fieldGet',
    'fieldUpdate',
    'fieldIncrease',
    'getByPartKey',
    'query',
    'traverse',
    'count',
    'changes',
  ],
  LIST: [
    'listAddAfter',
    'listGet',
    'listGetAll',
    'listReplace',
    'listDelete',
    'listDeleteBatch',
    'listDeleteAll',
    'listCount',
    'changes',
  ],
} as const;
export type RecordOperation = (typeof RECORD_OPERATIONS)[keyof typeof RECORD_OPERATIONS][number];

/**
 * So many of the operations of a GENERIC table carry protobuf bytes: insert, replace, update with a record, delete and
 * get with a key, batchGet with keys.
 */
export const RECORD_ENCODED = 6;
/** Places of those with a key, and with keys. */
export const RECORD_DELETE = 3;
export const RECORD_GET = 4;
export const RECORD_BATCH_GET = 5;
/** Bit of the operation. */
export const RECORD_HAS_OPTIONS = 0x80;
/** Bytes of a call in front of its body, the length included, and of an answer. */
export const RECORD_CALL_HEAD = 11;
export const RECORD_ANSWER_HEAD = 9;
/** Bytes of a found record in front of its protobuf bytes. */
export const RECORD_FOUND_HEAD = 20;

export const RECORD_ANSWER = {
  /** The result as JSON; no body when it is undefined. */
  value: 0,
  /** `RecordFailure` as JSON. */
  failure: 1,
  /** A get: version (uint32), change and expiry time (double, ms UTC; 0 is never), record. */
  found: 2,
  absent: 3,
  /** A get with `ifModifiedFrom`: version (uint32). */
  notModified: 4,
  /** A write that brings no record back: version (uint32). */
  written: 5,
  /** A batchGet: for each key a length (uint32) and what `found` has; length 0 where there is none. */
  foundMany: 6,
} as const;

export interface RecordFailure {
  code: string;
  message: string;
  hint: string;
  /** TCaplus's code of the same case. */
  tcaplus?: number;
  /** Of the stored record, when a write was refused. */
  version?: number;
  record?: unknown;
}
