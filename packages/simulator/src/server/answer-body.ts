import type { IncomingMessage } from 'node:http';
import { type Duplex, pipeline, Readable } from 'node:stream';
import { constants, createBrotliDecompress, createGunzip, createInflate, createInflateRaw } from 'node:zlib';
import { RelayFailure } from './relay-failure.ts';

/** Answers larger than this are refused: in bytes, as they came and as they are read. */
export const BODY_LIMIT = 50 << 20;
/** What we can read, for `Accept-Encoding`. */
export const ENCODINGS = 'gzip, deflate, br';
/** More codings on top of each other than this are refused. */
const MAX_CODINGS = 3;

/**
 * The body of an answer piece by piece, as a phone gives it to a mini program: decoded from what `Content-Encoding`
 * names, whether or not it was asked for (RFC 9110, 8.4). What is decoded comes as soon as the server flushes.
 *
 * @throws RelayFailure when it is too large, is no whole body, or is not in the coding that it names
 */
export async function* bodyOf(response: IncomingMessage): AsyncGenerator<Buffer> {
  const codings = codingsOf(response);
  const coded = whole(response);
  yield* codings.length === 0 ? coded : limited(decoded(response, coded, codings), response);
}

/** The bytes as they come. */
async function* whole(response: IncomingMessage): AsyncGenerator<Buffer> {
  yield* limited(response, response);
  // The loop also ends when the connection is cut, by the other side or by a time limit: that is no whole answer.
  if (!response.complete) throw Object.assign(new Error('the answer broke off'), { code: 'CUT_OFF' });
}

async function* limited(chunks: AsyncIterable<Buffer>, response: IncomingMessage): AsyncGenerator<Buffer> {
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > BODY_LIMIT) {
      response.destroy();
      throw new RelayFailure('refused', 'the answer is too large', 600003);
    }
    yield chunk;
  }
}

/** The codings in the order in which they are taken off. A coding that we do not know is handed on as it came. */
function codingsOf(response: IncomingMessage): string[] {
  const named = (response.headers['content-encoding'] ?? '')
    .toLowerCase()
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '' && each !== 'identity')
    .reverse();
  const known = named.every((each) => /^(x-)?gzip$|^deflate$|^br$/.test(each));
  if (named.length > MAX_CODINGS) throw undecodable();
  return known ? named : [];
}

async function* decoded(
  response: IncomingMessage,
  coded: AsyncGenerator<Buffer>,
  codings: readonly string[],
): AsyncGenerator<Buffer> {
  const first = await coded.next();
  // An answer to HEAD, 204 and 304 names a coding and has no body.
  if (first.done) return;
  const source = Readable.from(startingWith(first.value, coded), { objectMode: false });
  const steps = codings.map((coding, index) => decoder(coding, index === 0 ? first.value : undefined));
  for (const step of steps) step.once('error', () => response.destroy());
  // The last stream fails with what went wrong first.
  const last = pipeline([source, ...steps], () => {});
  try {
    for await (const chunk of last as unknown as AsyncIterable<Buffer>) yield chunk;
  } catch (error) {
    throw isCodingFault(error) ? undecodable() : error;
  }
}

async function* startingWith(first: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield first;
  yield* rest;
}

/** zlib's errors have its own number; those of brotli, too. */
const isCodingFault = (error: unknown): boolean =>
  typeof (error as NodeJS.ErrnoException).errno === 'number' && !(error as NodeJS.ErrnoException).syscall;

const undecodable = (): Error =>
  Object.assign(new Error('the answer is not in the coding that it names'), { code: 'BAD_CODING' });

/** `deflate` is meant with the frame of zlib, and is sent without by some servers; the first byte tells. */
function decoder(coding: string, start: Buffer | undefined): Duplex {
  if (coding === 'br') return createBrotliDecompress({ flush: constants.BROTLI_OPERATION_FLUSH });
  const options = { flush: constants.Z_SYNC_FLUSH };
  if (coding !== 'deflate') return createGunzip(options);
  const raw = start !== undefined && ((start[0] ?? 0) & 0x0f) !== 8;
  return raw ? createInflateRaw(options) : createInflate(options);
}
