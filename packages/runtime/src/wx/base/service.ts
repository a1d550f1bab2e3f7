import { asyncFunction, eventPair, service, value } from '../../service/wx/define.ts';
import { canIUse } from './service-can-i-use.ts';

/** App, system and window information. */
export const baseService = service({
  env: value(() => ({ USER_DATA_PATH: 'http://usr' })),
  canIUse: value((wx) => (schema: unknown) => canIUse(schema, wx.has)),
  getSystemInfoSync: value((wx) => () => ({ ...wx.system() })),
  getSystemInfo: asyncFunction({}, (wx) => ({ ...wx.system() })),
  getSystemInfoAsync: asyncFunction({}, (wx) => ({ ...wx.system() })),
  getWindowInfo: value((wx) => () => {
    const { pixelRatio, screenWidth, screenHeight, windowWidth, windowHeight, statusBarHeight, safeArea } = wx.system();
    return {
      ...{ pixelRatio, screenWidth, screenHeight, windowWidth, windowHeight, statusBarHeight, safeArea },
      screenTop: screenHeight - windowHeight,
    };
  }),
  getDeviceInfo: value((wx) => () => {
    const { brand, model, system: name, platform } = wx.system();
    return { abi: 'arm64', brand, model, system: name, platform, benchmarkLevel: 50, memorySize: '4096' };
  }),
  getAppBaseInfo: value((wx) => () => {
    const { SDKVersion, language, version, theme, fontSizeSetting } = wx.system();
    return { SDKVersion, enableDebug: true, host: { env: 'WeChat' }, language, version, theme, fontSizeSetting };
  }),
  getAccountInfoSync: value((wx) => () => ({
    miniProgram: { appId: wx.manifest().appid, envVersion: 'develop', version: '' },
  })),
  getLaunchOptionsSync: value((wx) => () => ({ ...wx.boot.launch })),
  getEnterOptionsSync: value((wx) => () => ({ ...wx.launch() })),
  getSystemSetting: value((wx) => () => ({
    bluetoothEnabled: false,
    locationEnabled: false,
    wifiEnabled: true,
    deviceOrientation: wx.system().deviceOrientation,
  })),
  getAppAuthorizeSetting: value(() => () => ({
    albumAuthorized: 'authorized',
    bluetoothAuthorized: 'not determined',
    cameraAuthorized: 'not determined',
    locationAuthorized: 'not determined',
    locationReducedAccuracy: false,
    microphoneAuthorized: 'not determined',
    notificationAuthorized: 'not determined',
    notificationAlertAuthorized: 'not determined',
    notificationBadgeAuthorized: 'not determined',
    notificationSoundAuthorized: 'not determined',
    phoneCalendarAuthorized: 'not determined',
  })),
  getMenuButtonBoundingClientRect: value((wx) => () => ({ ...wx.boot.menuButton })),
  nextTick: value(({ reporter }) => (callback: () => void) => {
    setTimeout(() => reporter.guard('wx.nextTick', callback), 0);
  }),
  ...eventPair('AppShow'),
  ...eventPair('AppHide'),
  ...eventPair('Error'),
  ...eventPair('PageNotFound'),
  ...eventPair('UnhandledRejection'),
  ...eventPair('ThemeChange'),
  ...eventPair('WindowResize'),
});
