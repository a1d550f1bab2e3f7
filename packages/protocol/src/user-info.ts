/** What WeChat says of a user: to the program as it is, to its backend signed and encrypted. */
export interface UserInfo {
  nickName: string;
  avatarUrl: string;
  gender: number;
  city: string;
  province: string;
  country: string;
  language: string;
}

export interface UserInfoResult {
  userInfo: UserInfo;
  /** `userInfo` as JSON, the text that `signature` is of. */
  rawData: string;
  signature: string;
  encryptedData: string;
  iv: string;
}
