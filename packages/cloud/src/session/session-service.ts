import { createHash, randomBytes } from 'node:crypto';
import type { Clock } from '@sparrow/core';
import {
  type CheckResponse,
  type DecryptRequest,
  type LoginRequest,
  type LoginResponse,
  SESSION_TTL_SECONDS,
  type SessionUser,
} from '@sparrow/protocol';
import type { ControlDatabase } from '../db/open-database.ts';
import { CloudError } from '../errors.ts';
import { phrase } from '../phrase.ts';
import type { CodeExchange } from './code-exchange.ts';
import { decryptData } from './wechat-crypto.ts';

/** Sessions one user may have at the same time (phones, tabs); a further login ends the oldest. */
const MAX_SESSIONS_PER_USER = 10;

export interface SessionServiceOptions {
  db: ControlDatabase;
  /** The app whose users these are, `<app>/<env>`. */
  app: string;
  appid: string;
  exchange: CodeExchange;
  clock: Clock;
  /** Life of a skey, default SESSION_TTL_SECONDS. Fixed from the login on, as with Wafer: use does not renew it. */
  ttlSeconds?: number | undefined;
}

export interface SessionService {
  /** @throws CloudError CODE_INVALID, EXCHANGE_FAILED, DECRYPT_FAILED, USER_UNKNOWN (code only, and never seen before). */
  login(request: LoginRequest): Promise<LoginResponse>;
  /** @throws CloudError SKEY_INVALID for one we never gave, SKEY_EXPIRED. */
  check(skey: string): Promise<CheckResponse>;
  /** @throws as check, and DECRYPT_FAILED. */
  decrypt(request: DecryptRequest): Promise<Record<string, unknown>>;
}

/** Who a skey belongs to. The session_key stays in here; backends and clients only ever see the skey. */
export function createSessionService(options: SessionServiceOptions): SessionService {
  const { db, app, appid, clock } = options;
  const ttlMs = (options.ttlSeconds ?? SESSION_TTL_SECONDS) * 1000;

  async function find(skey: string): Promise<{ openid: string; sessionKey: string; expiresAt: number }> {
    const row = await db
      .selectFrom('sessions')
      .select(['openid', 'session_key', 'expires_at'])
      .where('skey_hash', '=', hash(skey))
      .where('app', '=', app)
      .executeTakeFirst();
    if (!row)
      throw new CloudError('SKEY_INVALID', phrase`this skey was never given out`, { hint: phrase`log in again` });
    if (row.expires_at <= clock.now())
      throw new CloudError('SKEY_EXPIRED', phrase`this skey expired ${ttlMs / 1000} s after its login`, {
        hint: phrase`log in again; wafer2-client-sdk does so by itself`,
      });
    return { openid: row.openid, sessionKey: row.session_key, expiresAt: row.expires_at };
  }

  async function findUser(openid: string): Promise<{ info: SessionUser; sessionKey: string } | undefined> {
    const row = await db
      .selectFrom('users')
      .select(['info', 'session_key'])
      .where('app', '=', app)
      .where('openid', '=', openid)
      .executeTakeFirst();
    if (!row?.info) return undefined;
    return { info: JSON.parse(row.info) as SessionUser, sessionKey: row.session_key };
  }

  async function remember(
    openid: string,
    unionid: string | undefined,
    sessionKey: string,
    info: SessionUser,
  ): Promise<LoginResponse> {
    const now = clock.now();
    const skey = randomBytes(32).toString('base64url');
    const user = { unionid: unionid ?? null, info: JSON.stringify(info), session_key: sessionKey, updated_at: now };
    await db.transaction().execute(async (trx) => {
      await trx
        .insertInto('users')
        .values({ app, openid, created_at: now, ...user })
        .onConflict((conflict) => conflict.columns(['app', 'openid']).doUpdateSet(user))
        .execute();
      await trx
        .insertInto('sessions')
        .values({
          skey_hash: hash(skey),
          app,
          openid,
          session_key: sessionKey,
          created_at: now,
          expires_at: now + ttlMs,
        })
        .execute();
      // Rows that expired a week ago are of no use even for the error message.
      await trx
        .deleteFrom('sessions')
        .where('expires_at', '<', now - 7 * 24 * 3600_000)
        .execute();
      const newest = trx
        .selectFrom('sessions')
        .select('skey_hash')
        .where('app', '=', app)
        .where('openid', '=', openid)
        .orderBy('created_at', 'desc')
        .orderBy('skey_hash')
        .limit(MAX_SESSIONS_PER_USER);
      await trx
        .deleteFrom('sessions')
        .where('app', '=', app)
        .where('openid', '=', openid)
        .where('skey_hash', '!=', hash(skey))
        .where('skey_hash', 'not in', newest)
        .execute();
    });
    return { skey, userinfo: info, expiresAt: now + ttlMs };
  }

  return {
    async login({ code, encryptedData, iv }) {
      const { openid, sessionKey, unionid } = await options.exchange.exchange(code);
      if (encryptedData !== undefined && iv !== undefined) {
        const data = decryptData(encryptedData, iv, sessionKey, appid);
        // WeChat leaves openId out of newer forms of this data; where it stands it must be the one of the code.
        if (data.openId !== undefined && data.openId !== openid)
          throw new CloudError('DECRYPT_FAILED', phrase`the encrypted data is of another user than the code`, {
            hint: phrase`call wx.login and wx.getUserInfo one after the other`,
          });
        return await remember(openid, unionid, sessionKey, toUser(openid, unionid, data));
      }
      const known = await findUser(openid);
      if (!known)
        throw new CloudError('USER_UNKNOWN', phrase`this user has not logged in with encryptedData before`, {
          hint: phrase`the first login must be login(), not loginWithCode(): it sends the profile along`,
        });
      return await remember(openid, unionid, sessionKey, known.info);
    },

    async check(skey) {
      const session = await find(skey);
      const user = await findUser(session.openid);
      if (!user)
        throw new CloudError('SKEY_INVALID', phrase`the user of this skey is gone`, { hint: phrase`log in again` });
      return { userinfo: user.info, expiresAt: session.expiresAt };
    },

    async decrypt({ skey, encryptedData, iv }) {
      const session = await find(skey);
      try {
        return decryptData(encryptedData, iv, session.sessionKey, appid);
      } catch (error) {
        // The client may have called wx.login since, on this or on another phone.
        const newest = (await findUser(session.openid))?.sessionKey;
        if (newest === undefined || newest === session.sessionKey) throw error;
        return decryptData(encryptedData, iv, newest, appid);
      }
    },
  };
}

function hash(skey: string): string {
  return createHash('sha256').update(skey).digest('hex');
}

function toUser(openid: string, unionid: string | undefined, data: Record<string, unknown>): SessionUser {
  const text = (key: string): string => (typeof data[key] === 'string' ? data[key] : '');
  return {
    ...data,
    openId: openid,
    ...(unionid === undefined ? {} : { unionId: unionid }),
    nickName: text('nickName'),
    avatarUrl: text('avatarUrl'),
    gender: typeof data.gender === 'number' ? data.gender : 0,
    city: text('city'),
    province: text('province'),
    country: text('country'),
    language: text('language'),
  };
}
