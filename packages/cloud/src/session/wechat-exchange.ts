import type { Phrase } from '@sparrow/core';
import { CloudError } from '../errors.ts';
import { phrase } from '../phrase.ts';
import type { CodeExchange } from './code-exchange.ts';

export interface WeChatExchangeOptions {
  appid: string;
  secret: string;
  /** Only for tests and proxies; default WeChat's own. */
  endpoint?: string;
  /** Milliseconds; default 8,000. */
  timeoutMs?: number;
}

/**
 * WeChat's own exchange, `auth.code2Session` of its server API: GET sns/jscode2session with appid, secret, js_code, grant_type.
 * The secret never appears in an error or a log.
 */
export function createWeChatExchange(options: WeChatExchangeOptions): CodeExchange {
  const endpoint = options.endpoint ?? 'https://api.weixin.qq.com/sns/jscode2session';
  return {
    async exchange(code) {
      const url = new URL(endpoint);
      url.search = new URLSearchParams({
        appid: options.appid,
        secret: options.secret,
        js_code: code,
        grant_type: 'authorization_code',
      }).toString();
      const reply = await ask(url, options.timeoutMs ?? 8_000);
      const { openid, session_key, unionid, errcode, errmsg } = reply;
      if (typeof openid === 'string' && typeof session_key === 'string')
        return { openid, sessionKey: session_key, ...(typeof unionid === 'string' ? { unionid } : {}) };
      // 40029 invalid code, 40163 code been used.
      if (errcode === 40029 || errcode === 40163)
        throw new CloudError('CODE_INVALID', phrase`WeChat refused the code (${errcode})`, {
          hint: phrase`call wx.login again; a code is good for one exchange within five minutes`,
        });
      throw new CloudError('EXCHANGE_FAILED', phrase`WeChat answered ${String(errcode)}: ${String(errmsg)}`, {
        hint: phrase`check the appid and secret of this app; 40013 is a wrong appid, 40125 a wrong secret, 45011 too many calls`,
      });
    },
  };
}

async function ask(url: URL, timeoutMs: number): Promise<Record<string, unknown>> {
  let problem: string | Phrase;
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs), redirect: 'error' });
    // WeChat answers JSON with the content type text/plain.
    const json: unknown = JSON.parse(await response.text());
    if (typeof json === 'object' && json !== null) return json as Record<string, unknown>;
    problem = phrase`its answer is no object`;
  } catch (error) {
    // fetch's cause names the host and the reason, not the address with the secret in it.
    const cause = (error as Error).cause;
    problem = cause instanceof Error ? cause.message : (error as Error).name;
  }
  throw new CloudError('EXCHANGE_FAILED', phrase`WeChat could not be asked at ${url.host}: ${problem}`, {
    hint: phrase`check the network of this machine`,
  });
}
