import type { Device, MenuButtonRect, SystemInfo } from '@sparrow/protocol';
import { menuButton, NAV_BAR_HEIGHT, systemInfo, TAB_BAR_HEIGHT } from './devices.ts';

export interface FormOptions {
  device: Device;
  landscape: boolean;
  theme: 'light' | 'dark';
  /** Whether app.json has `darkmode`: a program without it is light on every phone. */
  darkmode: boolean;
  language: string;
}

/** What a phone is: its device, how it is held, how it is coloured. All lengths in CSS pixels. */
export interface Form {
  readonly theme: 'light' | 'dark';
  /** Another theme of the phone; answers whether the program sees another one. */
  setTheme(theme: 'light' | 'dark'): boolean;
  readonly statusBar: number;
  readonly safeBottom: number;
  /** With the strip below that belongs to the device. */
  tabBarHeight(): number;
  /** The screen has got another size; its sides are those of the screen as it is held now. */
  resize(width: number, height: number): void;
  /** @param bars which of them the page has */
  system(bars: { navigation: boolean; tabs: boolean }): SystemInfo;
  menuButton(): MenuButtonRect;
}

export function createForm(options: FormOptions): Form {
  let { device, landscape } = options;
  const size = (): { width: number; height: number } =>
    landscape ? { width: device.height, height: device.width } : { width: device.width, height: device.height };
  const tabBarHeight = (): number => TAB_BAR_HEIGHT + device.safeBottom;
  const shown = (theme: 'light' | 'dark'): 'light' | 'dark' => (options.darkmode ? theme : 'light');
  let theme = shown(options.theme);
  const form: Form = {
    get theme() {
      return theme;
    },
    setTheme(next) {
      const before = theme;
      theme = shown(next);
      return theme !== before;
    },
    get statusBar() {
      return device.statusBar;
    },
    get safeBottom() {
      return device.safeBottom;
    },
    tabBarHeight,
    resize(width, height) {
      device = { ...device, width, height };
      landscape = false;
    },
    system({ navigation, tabs }) {
      const bars = (navigation ? device.statusBar + NAV_BAR_HEIGHT : 0) + (tabs ? tabBarHeight() : 0);
      const page = { height: size().height - bars };
      return systemInfo(device, size(), page, { theme, language: options.language });
    },
    menuButton: () => menuButton(device, size().width),
  };
  return form;
}
