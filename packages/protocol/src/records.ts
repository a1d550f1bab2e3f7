/**
 * The record service: a backend's way to its records. POST `RECORD_OPEN_PATH` with the backend's token answers where the socket is; on it go frames, in both
 * directions: length of the rest (uint32, big-endian), then JSON. The first frame of a client is `RecordHello`, each further one a
 * `RecordCall`; answers come in any order. Values that JSON has not are tagged, see `RecordTag`.
 */
export const RECORD_OPEN_PATH = '/records/v1/open';
export const RECORD_PROTOCOL_VERSION = 1;
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

export interface RecordCall {
  /** Number of the call, chosen by the client. */
  i: number;
  /** Table. */
  t: string;
  /** Operation. */
  o: string;
  /** Arguments. */
  a: unknown[];
}

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

/** `r` is the result, left out when it is undefined. */
export type RecordAnswer = { i: number; r?: unknown } | { i: number; e: RecordFailure };
