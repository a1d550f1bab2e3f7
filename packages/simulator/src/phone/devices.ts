import type { Device, MenuButtonRect, SystemInfo } from '@sparrow/protocol';

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
