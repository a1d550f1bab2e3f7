import { PATHS } from '@sparrow/protocol';
import { checkRequestSchema, decryptRequestSchema, loginRequestSchema } from '@sparrow/protocol/schemas';
import type { FastifyInstance } from 'fastify';
import type { z } from 'zod';
import { CloudError } from '../errors.ts';
import { phrase } from '../phrase.ts';
import type { SessionService } from './session-service.ts';

/** The session service over HTTP, for backends. */
export function registerSessionRoutes(app: FastifyInstance, { sessions }: { sessions: SessionService }): void {
  const options = { config: { access: 'backend' } } as const;
  app.post(PATHS.sessionLogin, options, async (request) => {
    const { code, encryptedData, iv } = parse(loginRequestSchema, request.body);
    return await sessions.login(
      encryptedData === undefined || iv === undefined ? { code } : { code, encryptedData, iv },
    );
  });
  app.post(PATHS.sessionCheck, options, async (request) => {
    return await sessions.check(parse(checkRequestSchema, request.body).skey);
  });
  app.post(PATHS.sessionDecrypt, options, async (request) => {
    return { data: await sessions.decrypt(parse(decryptRequestSchema, request.body)) };
  });
}

function parse<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'body'}: ${issue.message}`);
  throw new CloudError('BAD_REQUEST', phrase`the request is not of the form it must have: ${issues.join('; ')}`, {
    hint: phrase`see @sparrow/protocol, session.ts`,
  });
}
