import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import type { Phrase } from '@sparrow/core';
import { CloudError } from '../errors.ts';
import { phrase } from '../phrase.ts';

/** AES-128-CBC with PKCS#7 padding, all parts base64: WeChat's "encryptedData". */
export function encryptData(data: unknown, sessionKey: string): { encryptedData: string; iv: string } {
  const iv = randomBytes(16);
  const cipher = createCipheriv('aes-128-cbc', Buffer.from(sessionKey, 'base64'), iv);
  const encrypted = Buffer.concat([cipher.update(JSON.stringify(data), 'utf8'), cipher.final()]);
  return { encryptedData: encrypted.toString('base64'), iv: iv.toString('base64') };
}

/**
 * Opens encryptedData and checks whom it was made for.
 *
 * @throws CloudError DECRYPT_FAILED for a wrong key, a damaged text or a watermark of another appid.
 */
export function decryptData(
  encryptedData: string,
  iv: string,
  sessionKey: string,
  appid: string,
): Record<string, unknown> {
  let data: unknown;
  try {
    const decipher = createDecipheriv('aes-128-cbc', Buffer.from(sessionKey, 'base64'), Buffer.from(iv, 'base64'));
    const text = Buffer.concat([decipher.update(Buffer.from(encryptedData, 'base64')), decipher.final()]);
    data = JSON.parse(text.toString('utf8'));
  } catch (error) {
    throw failure(phrase`the encrypted data does not fit the session_key`, error);
  }
  if (typeof data !== 'object' || data === null) throw failure(phrase`the encrypted data holds no object`);
  const watermark = (data as { watermark?: { appid?: unknown } }).watermark;
  if (watermark?.appid !== appid) throw failure(phrase`the encrypted data is of appid ${String(watermark?.appid)}`);
  return data as Record<string, unknown>;
}

/** sha1hex(rawData + session_key), WeChat's `signature` of getUserInfo. */
export function signRawData(rawData: string, sessionKey: string): string {
  return createHash('sha1')
    .update(rawData + sessionKey, 'utf8')
    .digest('hex');
}

function failure(message: Phrase, cause?: unknown): CloudError {
  return new CloudError('DECRYPT_FAILED', message, {
    hint: phrase`call wx.login first and wx.getUserInfo after it: each login makes a new session_key`,
    cause,
  });
}
