/** What each code means and what to do about it, in Chinese. */
export const SDK_ERRORS_ZH = {
  ERR_INIT_SDK_LOST_CONFIG: {
    meaning: '缺少环境变量：程序不是由 Sparrow 启动的',
    fix: '用 `sparrow dev` 启动后端，或把这些选项传给 createSparrow()',
  },
  ERR_HEADER_MISSED: {
    meaning: '请求中没有 X-WX-Code',
    fix: '从 wafer2-client-sdk 的 setLoginUrl() 所设的地址调用',
  },
  ERR_GET_SESSION_KEY: { meaning: '登录凭证 code 没有被接受', fix: '重新调用 wx.login，并检查 appid 和 secret' },
  ERR_IN_DECRYPT_DATA: {
    meaning: 'encryptedData 与 session_key 不匹配',
    fix: '先调用 wx.login，再调用 wx.getUserInfo',
  },
  ERR_UNLOGIN: { meaning: '用户从未带资料登录过，不能仅凭 code 登录', fix: '首次登录请使用 login()' },
  ERR_SKEY_INVALID: { meaning: '缺少 X-WX-Skey，或其无效', fix: '重新登录；之后 wafer2-client-sdk 会自动附带' },
  ERR_SKEY_EXPIRED: { meaning: '登录已过期', fix: '重新登录；wafer2-client-sdk 会自动重新登录' },
  ERR_REQUEST_PARAM: { meaning: '请求的参数不正确', fix: '按照提示修改请求' },
  ERR_FILE_EXCEEDS_MAX_SIZE: { meaning: '文件过大', fix: '压缩文件，或调高上限' },
  ERR_UNSUPPORT_FILE_TYPE: { meaning: '不接受该类型的文件', fix: '改为发送允许的文件类型' },
  ERR_REMOTE_TUNNEL_SERVER_ERR: {
    meaning: '信道服务拒绝了调用',
    fix: '参见 @sparrow/protocol 的 TUNNEL_CODES：9003 为签名错误，9004 为数据错误',
  },
  ERR_RECORD_STORE: { meaning: '记录存储拒绝了调用', fix: '原因见错误的 storeCode' },
  ERR_INVALID_RESPONSE: {
    meaning: '无法连接控制服务，或其应答不符合预期',
    fix: '确认 Sparrow 正在运行，且 SPARROW_URL 是它的地址',
  },
} satisfies Record<string, { meaning: string; fix: string }>;
