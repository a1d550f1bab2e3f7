/** Tables of `.sparrow/control.db`. Times are milliseconds UTC. */
export interface ControlSchema {
  /** Users who logged in to an app. */
  users: {
    app: string;
    openid: string;
    unionid: string | null;
    /** JSON of SessionUser; null until encryptedData came once. */
    info: string | null;
    /** Of the newest login, base64. */
    session_key: string;
    created_at: number;
    updated_at: number;
  };
  sessions: {
    /** sha256hex of the skey: who reads the file cannot use what is in it. */
    skey_hash: string;
    app: string;
    openid: string;
    session_key: string;
    created_at: number;
    expires_at: number;
  };
  /** The built-in fake WeChat's memory. */
  fake_wechat: {
    appid: string;
    user: string;
    session_key: string;
    logged_in_at: number;
  };
}
