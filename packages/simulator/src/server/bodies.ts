import type { Access } from '@sparrow/protocol';
import type { FastifyInstance } from 'fastify';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Who may use the route; without it the server does not start. */
    access?: Access;
  }
}

/** A call that makes no sense; it is answered with 400 and this text. */
export class BadCall extends Error {
  readonly statusCode = 400;
}

/** A body of JSON as an object; whatever else it is counts as empty. */
export function objectOf(body: unknown): Record<string, unknown> {
  return typeof body === 'object' && body !== null && !Array.isArray(body) ? (body as Record<string, unknown>) : {};
}

/** Longer names of users are refused, in characters. */
const USER_LENGTH = 100;

/** @throws BadCall */
export function userName(user: unknown): string {
  if (typeof user === 'string' && user !== '' && user.length <= USER_LENGTH) return user;
  throw new BadCall('the call names no user');
}

/** The user that a call is made for. @throws BadCall */
export function userOf(body: unknown): string {
  return userName(objectOf(body).user);
}

/** Faults of the disk that a call brings about itself, with what to tell. Node's own texts have paths of this machine. */
const DISK_FAULTS: Readonly<Record<string, [number, string]>> = {
  ENAMETOOLONG: [400, 'the path is too long'],
  ENOTDIR: [400, 'a part of the path is a file'],
  EISDIR: [400, 'the path is a folder'],
  ENOTEMPTY: [400, 'the path is a folder'],
  EEXIST: [400, 'the path is taken'],
  EINVAL: [400, 'this is no path'],
  ENOSPC: [507, 'the disk is full'],
  EDQUOT: [507, 'the disk is full'],
};

/** Answers faults of the scope's routes; what is our own fault goes on to the server, which logs it and tells nothing. */
export function answerErrors(scope: FastifyInstance): void {
  scope.setErrorHandler(async (error: Error & { code?: string; statusCode?: number }, _request, reply) => {
    const [status, message] = DISK_FAULTS[error.code ?? ''] ?? [error.statusCode, error.message];
    if (status === undefined || status < 400 || (status >= 500 && status !== 507)) throw error;
    return reply.code(status).send({ code: status === 413 ? 'FILE_TOO_LARGE' : 'BAD_REQUEST', message });
  });
}
