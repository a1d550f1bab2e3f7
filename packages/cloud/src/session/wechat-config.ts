import { join } from 'node:path';
import { z } from 'zod';
import { CloudError } from '../errors.ts';
import { phrase } from '../phrase.ts';
import { readJsonFile } from '../project/parse-json.ts';
import type { WeChatExchangeOptions } from './wechat-exchange.ts';

const schema = z.strictObject({ appid: z.string().min(1), secret: z.string().min(1), endpoint: z.url().optional() });

/**
 * `wechat.json` of the state folder: `{"appid": "wx…", "secret": "…"}`. With it codes of real phones are exchanged with WeChat; it
 * lies there and not in the project, so that the secret is not committed.
 *
 * @throws CloudError PROJECT_INVALID
 */
export function readWeChatConfig(stateDir: string): Omit<WeChatExchangeOptions, 'timeoutMs'> | undefined {
  const file = join(stateDir, 'wechat.json');
  const json = readJsonFile(file);
  if (json === undefined) return undefined;
  const parsed = schema.safeParse(json);
  if (!parsed.success)
    throw new CloudError(
      'PROJECT_INVALID',
      phrase`${file} must hold the texts appid and secret, and may hold endpoint`,
      {
        hint: phrase`correct or remove it; without it the built-in WeChat is used`,
      },
    );
  const { appid, secret, endpoint } = parsed.data;
  return endpoint === undefined ? { appid, secret } : { appid, secret, endpoint };
}
