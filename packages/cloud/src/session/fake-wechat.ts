import { createHash, randomBytes } from 'node:crypto';
import type { Clock } from '@sparrow/core';
import type { UserInfo, WeChatUsers } from '@sparrow/protocol';
import type { ControlDatabase } from '../db/open-database.ts';
import { CloudError } from '../errors.ts';
import { phrase } from '../phrase.ts';
import type { CodeExchange } from './code-exchange.ts';
import { encryptData, signRawData } from './wechat-crypto.ts';

/** Codes are good for five minutes and one exchange, as WeChat's are. */
const CODE_LIFE_MS = 5 * 60_000;
/** Codes that may be out at the same time; the oldest go first. */
const MAX_CODES = 1000;
/** WeChat keeps a session_key for some days; three here. */
const SESSION_KEY_LIFE_MS = 3 * 24 * 3600_000;
/** All fake codes begin so, which lets them live beside WeChat's own. */
export const FAKE_CODE_PREFIX = 'sparrow-';

/** Profiles of the users that the phones of a fresh simulator have. Others are called by their user name. */
const PROFILES: Record<string, Partial<UserInfo>> = {
  alice: { nickName: '小雀', gender: 2, city: 'Hangzhou', province: 'Zhejiang' },
  bob: { nickName: '阿柏', gender: 1, city: 'Shenzhen', province: 'Guangdong' },
  carol: { nickName: '可乐', gender: 2, city: 'Chengdu', province: 'Sichuan' },
  dave: { nickName: '大卫', gender: 1, city: 'Beijing', province: 'Beijing' },
  erin: { nickName: '艾琳', gender: 2, city: 'Xiamen', province: 'Fujian' },
  frank: { nickName: '老范', gender: 1, city: "Xi'an", province: 'Shaanxi' },
};

export interface FakeWeChatOptions {
  db: ControlDatabase;
  appid: string;
  clock: Clock;
  /** Base of avatar addresses, with a slash at the end, e.g. `http://127.0.0.1:7700/avatars/`. Asked for each profile. */
  avatarBase: () => string;
}

export interface FakeWeChat extends WeChatUsers, CodeExchange {
  openidOf(user: string): string;
}

/**
 * A WeChat without a network. A user is a name; its openid follows from name and appid and is the same on every machine. Each
 * login makes a new random session_key, which survives a restart; codes do not.
 */
export function createFakeWeChat(options: FakeWeChatOptions): FakeWeChat {
  const { db, appid, clock } = options;
  const codes = new Map<string, { user: string; sessionKey: string; until: number }>();

  /** 28 characters beginning with `o`, like WeChat's. */
  function openidOf(user: string): string {
    return `o${createHash('sha256').update(`${appid}\n${user}`).digest('base64url').slice(0, 27)}`;
  }

  async function currentKey(user: string): Promise<{ session_key: string; logged_in_at: number } | undefined> {
    return await db
      .selectFrom('fake_wechat')
      .select(['session_key', 'logged_in_at'])
      .where('appid', '=', appid)
      .where('user', '=', user)
      .executeTakeFirst();
  }

  async function renewKey(user: string): Promise<string> {
    const session_key = randomBytes(16).toString('base64');
    const logged_in_at = clock.now();
    await db
      .insertInto('fake_wechat')
      .values({ appid, user, session_key, logged_in_at })
      .onConflict((conflict) => conflict.columns(['appid', 'user']).doUpdateSet({ session_key, logged_in_at }))
      .execute();
    return session_key;
  }

  function profile(user: string, lang: string): UserInfo {
    return {
      nickName: user,
      gender: 0,
      language: lang || 'zh_CN',
      city: '',
      province: '',
      country: 'China',
      avatarUrl: `${options.avatarBase()}${encodeURIComponent(user)}.svg`,
      ...PROFILES[user],
    };
  }

  return {
    openidOf,

    async issueCode(user) {
      const sessionKey = await renewKey(user);
      const code = FAKE_CODE_PREFIX + randomBytes(18).toString('base64url');
      codes.set(code, { user, sessionKey, until: clock.elapsed() + CODE_LIFE_MS });
      for (const oldest of codes.keys()) {
        if (codes.size <= MAX_CODES) break;
        codes.delete(oldest);
      }
      return code;
    },

    async exchange(code) {
      const entry = codes.get(code);
      codes.delete(code);
      if (!entry || entry.until < clock.elapsed())
        throw new CloudError('CODE_INVALID', phrase`the code is unknown, used already or older than five minutes`, {
          hint: phrase`call wx.login again; a code is good for one exchange within five minutes`,
        });
      return { openid: openidOf(entry.user), sessionKey: entry.sessionKey };
    },

    async checkSession(user) {
      const key = await currentKey(user);
      return key !== undefined && key.logged_in_at + SESSION_KEY_LIFE_MS > clock.now();
    },

    async userInfo(user, { withCredentials, lang }) {
      const userInfo = profile(user, lang);
      const rawData = JSON.stringify(userInfo);
      if (!withCredentials) return { userInfo, rawData, signature: '', encryptedData: '', iv: '' };
      const sessionKey = (await currentKey(user))?.session_key ?? (await renewKey(user));
      const watermark = { timestamp: Math.floor(clock.now() / 1000), appid };
      return {
        userInfo,
        rawData,
        signature: signRawData(rawData, sessionKey),
        ...encryptData({ openId: openidOf(user), ...userInfo, watermark }, sessionKey),
      };
    },
  };
}
