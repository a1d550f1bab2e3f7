import { PATHS } from '@sparrow/protocol';
import { checkRequestSchema, decryptRequestSchema, loginRequestSchema } from '@sparrow/protocol/schemas';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { CloudError } from '../errors.ts';
import type { SessionService } from './session-service.ts';

/** The session service over HTTP, for backends. `authorize` throws TOKEN_INVALID. */
export function registerSessionRoutes(
  app: FastifyInstance,
  options: { sessions: SessionService; authorize: (request: FastifyRequest) => void },
): void {
  const { sessions, authorize } = options;
  app.post(PATHS.sessionLogin, async (request) => {
    authorize(request);
    const { code, encryptedData, iv } = parse(loginRequestSchema, request.body);
    return await sessions.login(
      encryptedData === undefined || iv === undefined ? { code } : { code, encryptedData, iv },
    );
  });
  app.post(PATHS.sessionCheck, async (request) => {
    authorize(request);
    return await sessions.check(parse(checkRequestSchema, request.body).skey);
  });
  app.post(PATHS.sessionDecrypt, async (request) => {
    authorize(request);
    return { data: await sessions.decrypt(parse(decryptRequestSchema, request.body)) };
  });
}

function parse<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'body'}: ${issue.message}`);
  throw new CloudError('BAD_REQUEST', issues.join('; '), { hint: 'see @sparrow/protocol, session.ts' });
}
