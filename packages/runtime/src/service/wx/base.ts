import { createApiHelper } from './api.ts';
import type { WxDomain } from './context.ts';

/** App, system and window information. */
export const baseDomain: WxDomain = (context, events) => {
  const api = createApiHelper(context.reporter);
  const system = (): object => ({ ...context.system() });
  const account = (): object => ({
    miniProgram: { appId: context.manifest().appid, envVersion: 'develop', version: '' },
  });
  return {
    env: { USER_DATA_PATH: 'http://usr' },
    getSystemInfoSync: system,
    getSystemInfo: api.async('getSystemInfo', {}, system),
    getSystemInfoAsync: api.async('getSystemInfoAsync', {}, system),
    getWindowInfo: () => {
      const { pixelRatio, screenWidth, screenHeight, windowWidth, windowHeight, statusBarHeight, safeArea } =
        context.system();
      return {
        ...{ pixelRatio, screenWidth, screenHeight, windowWidth, windowHeight, statusBarHeight, safeArea },
        screenTop: screenHeight - windowHeight,
      };
    },
    getDeviceInfo: () => {
      const { brand, model, system: name, platform } = context.system();
      return { abi: 'arm64', brand, model, system: name, platform, benchmarkLevel: 50, memorySize: '4096' };
    },
    getAppBaseInfo: () => {
      const { SDKVersion, language, version, theme, fontSizeSetting } = context.system();
      return { SDKVersion, enableDebug: true, host: { env: 'WeChat' }, language, version, theme, fontSizeSetting };
    },
    getAccountInfoSync: account,
    getLaunchOptionsSync: () => ({ ...context.boot.launch }),
    getEnterOptionsSync: () => ({ ...context.launch() }),
    getSystemSetting: () => ({
      bluetoothEnabled: false,
      locationEnabled: false,
      wifiEnabled: true,
      deviceOrientation: context.system().deviceOrientation,
    }),
    getAppAuthorizeSetting: () => ({
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
    }),
    getMenuButtonBoundingClientRect: () => ({ ...context.boot.menuButton }),
    nextTick: (callback: () => void) => {
      setTimeout(() => context.reporter.guard('wx.nextTick', callback), 0);
    },
    ...events.pair('AppShow'),
    ...events.pair('AppHide'),
    ...events.pair('Error'),
    ...events.pair('PageNotFound'),
    ...events.pair('UnhandledRejection'),
    ...events.pair('ThemeChange'),
    ...events.pair('WindowResize'),
  };
};
