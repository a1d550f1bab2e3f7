/** `app.json` and page JSON after the compiler resolved and checked them (defaults filled in). */

/** Bars and background of a page: app-wide `window`, overridden by the page's own JSON. */
export interface WindowConfig {
  navigationBarBackgroundColor: string;
  navigationBarTextStyle: 'black' | 'white';
  navigationBarTitleText: string;
  navigationStyle: 'default' | 'custom';
  backgroundColor: string;
  backgroundTextStyle: 'dark' | 'light';
  enablePullDownRefresh: boolean;
  /** CSS pixels. */
  onReachBottomDistance: number;
  pageOrientation: 'portrait' | 'landscape' | 'auto';
  disableScroll: boolean;
}

export interface TabBarItem {
  pagePath: string;
  text: string;
  iconPath?: string;
  selectedIconPath?: string;
}

export interface TabBarConfig {
  color: string;
  selectedColor: string;
  backgroundColor: string;
  borderStyle: 'black' | 'white';
  position: 'bottom' | 'top';
  custom: boolean;
  list: TabBarItem[];
}

export interface AppConfig {
  entryPagePath: string;
  /** Main package pages, then those of the subpackages, in the order of app.json; without suffix. */
  pages: string[];
  window: WindowConfig;
  tabBar?: TabBarConfig;
  darkmode: boolean;
  /** Values of theme.json; `@name` in window and tabBar refers to them. */
  themes?: { light: Record<string, string>; dark: Record<string, string> };
  /** Milliseconds. */
  networkTimeout: { request: number; connectSocket: number; uploadFile: number; downloadFile: number };
  permission?: Record<string, unknown>;
  /** Everything else of app.json, untouched. */
  raw: Record<string, unknown>;
}

export const WINDOW_DEFAULTS: WindowConfig = {
  navigationBarBackgroundColor: '#000000',
  navigationBarTextStyle: 'white',
  navigationBarTitleText: '',
  navigationStyle: 'default',
  backgroundColor: '#ffffff',
  backgroundTextStyle: 'dark',
  enablePullDownRefresh: false,
  onReachBottomDistance: 50,
  pageOrientation: 'portrait',
  disableScroll: false,
};

export const NETWORK_TIMEOUT_DEFAULT_MS = 60_000;
