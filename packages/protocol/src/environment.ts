/** What a mini program is told about where it runs and how it was opened, and what it left there. */

/** All lengths in CSS pixels. */
export interface SystemInfo {
  brand: string;
  model: string;
  pixelRatio: number;
  screenWidth: number;
  screenHeight: number;
  windowWidth: number;
  windowHeight: number;
  statusBarHeight: number;
  safeArea: { left: number; right: number; top: number; bottom: number; width: number; height: number };
  language: string;
  version: string;
  system: string;
  platform: string;
  SDKVersion: string;
  theme: 'light' | 'dark';
  fontSizeSetting: number;
  deviceOrientation: 'portrait' | 'landscape';
}

/** Position of the capsule, in CSS pixels. */
export interface MenuButtonRect {
  width: number;
  height: number;
  top: number;
  right: number;
  bottom: number;
  left: number;
}

export interface AppShowOptions {
  path: string;
  query: Record<string, string>;
  /** WeChat's scene number; 1001 from the main entry. */
  scene: number;
  shareTicket?: string;
  referrerInfo: Record<string, unknown>;
}

/** A stored value as WeChat keeps it: JSON text and its type. */
export interface StoredValue {
  type: 'String' | 'Number' | 'Boolean' | 'Object' | 'Array' | 'Date' | 'Undefined' | 'Null';
  data: string;
}
