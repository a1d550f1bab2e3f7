import type { MenuButtonRect, SystemInfo } from '@sparrow/protocol';

/** A phone model; lengths in CSS pixels, portrait. */
export interface Device {
  id: string;
  name: string;
  brand: string;
  platform: 'ios' | 'android';
  system: string;
  width: number;
  height: number;
  pixelRatio: number;
  statusBar: number;
  /** Height of the home indicator's area. */
  safeBottom: number;
}

export const DEVICES: readonly Device[] = [
  {
    id: 'iphone-15',
    name: 'iPhone 15',
    brand: 'iPhone',
    platform: 'ios',
    system: 'iOS 17.4',
    width: 393,
    height: 852,
    pixelRatio: 3,
    statusBar: 54,
    safeBottom: 34,
  },
  {
    id: 'iphone-se',
    name: 'iPhone SE',
    brand: 'iPhone',
    platform: 'ios',
    system: 'iOS 16.6',
    width: 375,
    height: 667,
    pixelRatio: 2,
    statusBar: 20,
    safeBottom: 0,
  },
  {
    id: 'iphone-15-pro-max',
    name: 'iPhone 15 Pro Max',
    brand: 'iPhone',
    platform: 'ios',
    system: 'iOS 17.4',
    width: 430,
    height: 932,
    pixelRatio: 3,
    statusBar: 54,
    safeBottom: 34,
  },
  {
    id: 'pixel-8',
    name: 'Pixel 8',
    brand: 'Google',
    platform: 'android',
    system: 'Android 14',
    width: 412,
    height: 915,
    pixelRatio: 2.625,
    statusBar: 32,
    safeBottom: 0,
  },
  {
    id: 'mate-60',
    name: 'Mate 60',
    brand: 'HUAWEI',
    platform: 'android',
    system: 'Android 12',
    width: 384,
    height: 848,
    pixelRatio: 3,
    statusBar: 36,
    safeBottom: 0,
  },
  {
    id: 'ipad',
    name: 'iPad',
    brand: 'iPad',
    platform: 'ios',
    system: 'iOS 17.4',
    width: 768,
    height: 1024,
    pixelRatio: 2,
    statusBar: 20,
    safeBottom: 0,
  },
];

export const NAV_BAR_HEIGHT = 44;
export const TAB_BAR_HEIGHT = 50;
/** Version of the base library whose behavior is the model. */
export const SDK_VERSION = '3.5.8';

const CAPSULE = { width: 87, height: 32, right: 7 };

/** What a phone says of itself, for the screen it has now. */
export function systemInfo(
  device: Device,
  screen: { width: number; height: number },
  page: { height: number },
  options: { theme: 'light' | 'dark'; language: string },
): SystemInfo {
  const landscape = screen.width > screen.height;
  const safeBottom = landscape ? Math.min(21, device.safeBottom) : device.safeBottom;
  const top = device.statusBar;
  return {
    brand: device.brand,
    model: device.name,
    pixelRatio: device.pixelRatio,
    screenWidth: screen.width,
    screenHeight: screen.height,
    windowWidth: screen.width,
    windowHeight: page.height,
    statusBarHeight: device.statusBar,
    safeArea: {
      left: 0,
      right: screen.width,
      top,
      bottom: screen.height - safeBottom,
      width: screen.width,
      height: screen.height - safeBottom - top,
    },
    language: options.language,
    version: '8.0.50',
    system: device.system,
    platform: 'devtools',
    SDKVersion: SDK_VERSION,
    theme: options.theme,
    fontSizeSetting: 16,
    deviceOrientation: landscape ? 'landscape' : 'portrait',
  };
}

export function menuButton(device: Device, screenWidth: number): MenuButtonRect {
  const top = device.statusBar + (NAV_BAR_HEIGHT - CAPSULE.height) / 2;
  const right = screenWidth - CAPSULE.right;
  return {
    width: CAPSULE.width,
    height: CAPSULE.height,
    top,
    bottom: top + CAPSULE.height,
    right,
    left: right - CAPSULE.width,
  };
}
