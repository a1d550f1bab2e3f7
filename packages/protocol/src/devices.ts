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
