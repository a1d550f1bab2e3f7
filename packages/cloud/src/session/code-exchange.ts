/** What a code of wx.login is exchanged for. */
export interface ExchangedCode {
  openid: string;
  /** base64 of 16 bytes. Stays with the session service. */
  sessionKey: string;
  unionid?: string;
}

/** Turns the code of wx.login into an identity: the built-in fake WeChat, or WeChat itself. */
export interface CodeExchange {
  /**
   * @throws CloudError CODE_INVALID when the code is unknown, used or older than five minutes, EXCHANGE_FAILED when WeChat
   * could not be asked.
   */
  exchange(code: string): Promise<ExchangedCode>;
}
