import type { WeChatUsers } from '@sparrow/protocol';
import { expect, it } from 'vitest';
import { inBothModes, startApp, useBrowser } from '../harness.ts';
import { call, callBack, message, missing, onePage } from './support.ts';

useBrowser();

inBothModes('login and user', (mode) => {
  it('wx.login wx.checkSession wx.getUserInfo wx.getUserProfile: give what the users service knows of this user', async () => {
    let valid = true;
    const userInfo = {
      nickName: '小麻雀',
      avatarUrl: 'http://x/y.png',
      gender: 0,
      city: '',
      province: '',
      country: '',
      language: 'zh_CN',
    };
    const users = {
      issueCode: async (user: string) => `code-of-${user}`,
      checkSession: async () => valid,
      userInfo: async () => ({
        userInfo,
        rawData: JSON.stringify(userInfo),
        signature: 's',
        encryptedData: 'e',
        iv: 'i',
      }),
    } as unknown as WeChatUsers;
    const test = await startApp({ mode, files: onePage(), users });
    expect(await call(test, 'login')).toEqual({ code: 'code-of-tester', errMsg: 'login:ok' });
    expect(await callBack(test, 'login', { timeout: 'soon' })).toEqual([
      'fail login:fail parameter error: parameter.timeout should be Number instead of String;',
      'complete login:fail parameter error: parameter.timeout should be Number instead of String;',
    ]);
    expect(await message(test, 'checkSession')).toBe('checkSession:ok');
    valid = false;
    expect(await message(test, 'checkSession')).toBe('checkSession:fail session expired');
    const info = await call(test, 'getUserInfo', { withCredentials: true, lang: 'zh_CN' });
    expect(info).toMatchObject({ errMsg: 'getUserInfo:ok', userInfo, signature: 's', encryptedData: 'e', iv: 'i' });
    expect((await call(test, 'getUserProfile', { desc: 'test' })).userInfo).toEqual(userInfo);
    expect(await message(test, 'getUserProfile')).toBe(missing('getUserProfile', 'desc'));
    await test.close();
  });

  it('wx.login wx.getUserInfo: fail with the reason of the users service', async () => {
    const users = {
      issueCode: async () => Promise.reject(new Error('no code today')),
      checkSession: async () => true,
      userInfo: async () => Promise.reject(new Error('nobody')),
    } as unknown as WeChatUsers;
    const test = await startApp({ mode, files: onePage(), users });
    expect(await message(test, 'login')).toMatch(/^login:fail ./);
    expect(await message(test, 'getUserInfo')).toMatch(/^getUserInfo:fail ./);
    await test.close();
  });
});
