/** zod schemas of the HTTP bodies of session and tunnel. */
import { z } from 'zod';

/** Long enough for any code, key or iv of WeChat, short enough to cost nothing. */
const token = z.string().min(1).max(4096);
const encrypted = z.string().min(1).max(65_536);

export const loginRequestSchema = z
  .object({ code: token, encryptedData: encrypted.optional(), iv: token.optional() })
  .refine((body) => (body.encryptedData === undefined) === (body.iv === undefined), {
    message: 'encryptedData and iv come together or not at all',
  });
export const checkRequestSchema = z.object({ skey: token });
export const decryptRequestSchema = z.object({ skey: token, encryptedData: encrypted, iv: token });

export const tunnelRequestSchema = z.object({
  data: z.string(),
  tcId: z.string().max(256),
  signature: z.string().max(256),
});
export const tunnelOpenDataSchema = z.object({ receiveUrl: z.url().max(4096), protocolType: z.string().optional() });
export const tunnelPushSchema = z.array(
  z.object({
    tunnelIds: z.array(z.string().max(256)).max(100_000),
    type: z.enum(['message', 'close']),
    content: z.string().optional(),
  }),
);
