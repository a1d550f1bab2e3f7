import type { Clock } from '@sparrow/core';
import type { WeChatUsers } from '@sparrow/protocol';
import type { ControlDatabase } from '../db/open-database.ts';
import type { CodeExchange } from './code-exchange.ts';
import { createFakeWeChat, FAKE_CODE_PREFIX } from './fake-wechat.ts';
import { createWeChatExchange, type WeChatExchangeOptions } from './wechat-exchange.ts';

/**
 * The WeChat of a run: the built-in one for the phones of the simulator and, when it is configured, the real one for real phones. Fake
 * codes are known by their beginning, so both work side by side.
 */
export function createWeChat(options: {
  db: ControlDatabase;
  appid: string;
  clock: Clock;
  avatarBase: () => string;
  real: WeChatExchangeOptions | undefined;
}): { users: WeChatUsers; exchange: CodeExchange } {
  const fake = createFakeWeChat(options);
  const real = options.real ? createWeChatExchange(options.real) : undefined;
  return {
    users: fake,
    exchange: {
      exchange: (code) => (real && !code.startsWith(FAKE_CODE_PREFIX) ? real : fake).exchange(code),
    },
  };
}
