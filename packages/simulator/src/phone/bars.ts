import type { TabBarConfig, WindowConfig } from '@sparrow/protocol';
import {
  h,
  NativeFailure,
  type NavigationBar,
  type TabBar,
  type TabBarStyle,
  type TabItem,
} from '@sparrow/runtime/native';

/** Longer titles are cut, in characters. */
const MAX_TITLE = 200;

export interface PhoneNavigationBar extends NavigationBar {
  readonly element: HTMLElement;
  /** The page draws its own. */
  readonly custom: boolean;
  /** Colour of the title. */
  readonly front: string;
  /** Other settings of the same page: the theme has changed. */
  dress(window: WindowConfig): void;
}

/** Navigation bar of one page. */
export function createNavigationBar(options: {
  window: WindowConfig;
  canGoBack: boolean;
  canGoHome: boolean;
  onBack(): void;
  onHome(): void;
  onTop(): void;
  /** The program has chosen this colour of the title. */
  onColor(front: string): void;
}): PhoneNavigationBar {
  const title = h('div.nav-title', {}, options.window.navigationBarTitleText);
  const spinner = h('div.nav-spinner', { hidden: true });
  const left = options.canGoBack
    ? h('button.nav-back', { onclick: options.onBack, ariaLabel: 'back' })
    : options.canGoHome
      ? h('button.nav-home', { onclick: options.onHome, ariaLabel: 'home' })
      : undefined;
  const element = h('header.nav-bar', { ondblclick: options.onTop }, left, h('div.nav-middle', {}, spinner, title));
  /** The program has chosen its own; the theme changes them no more. */
  const own = { title: false, color: false };
  const color = (front: string, background: string): void => {
    element.style.color = front;
    element.style.backgroundColor = background;
  };
  const dress = (window: WindowConfig): void => {
    if (!own.title) title.textContent = window.navigationBarTitleText;
    if (own.color) return;
    color(window.navigationBarTextStyle === 'black' ? '#000' : '#fff', window.navigationBarBackgroundColor);
  };
  dress(options.window);
  const custom = options.window.navigationStyle === 'custom';
  if (custom) element.classList.add('nav-custom');
  return {
    element,
    custom,
    get front() {
      return element.style.color;
    },
    dress,
    setTitle: (text) => {
      own.title = true;
      title.textContent = text.slice(0, MAX_TITLE);
    },
    setColor: (front, background, durationMs = 0) => {
      own.color = true;
      element.style.transition = durationMs > 0 ? `background-color ${durationMs}ms, color ${durationMs}ms` : '';
      color(front, background);
      options.onColor(front);
    },
    setLoading: (on) => {
      spinner.hidden = !on;
    },
    hideHome: () => element.querySelector('.nav-home')?.remove(),
  };
}

interface TabState extends TabItem {
  badge?: string | undefined;
  dot?: boolean;
}

export interface PhoneTabBar extends TabBar {
  readonly element: HTMLElement;
  readonly hidden: boolean;
  /** The same bar with other colours and icons: the theme has changed. */
  dress(config: TabBarConfig): void;
  select(index: number): void;
}

/** What is given, without what is not. */
const givenOf = <T extends object>(values: T): Partial<T> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<T>;

/** The tab bar of the app; it stands below the page that is shown. */
export function createTabBar(options: {
  config: TabBarConfig;
  show(image: HTMLImageElement, path: string): void;
  onTap(index: number): void;
}): PhoneTabBar {
  const items: TabState[] = options.config.list.map(() => ({ text: '' }));
  const style: TabBarStyle = {};
  /** What the program has set itself stays when the theme changes. */
  const ownStyle: TabBarStyle = {};
  const ownItems: TabItem[] = items.map(() => ({}));
  const element = h('nav.tab-bar');
  let selected = -1;
  let hidden = false;

  function render(): void {
    element.style.backgroundColor = style.backgroundColor ?? '';
    element.classList.toggle('tab-bar-white', style.borderStyle === 'white');
    element.replaceChildren(
      ...items.map((item, index) => {
        const on = index === selected;
        const icon = on ? (item.selectedIconPath ?? item.iconPath) : item.iconPath;
        const picture = icon ? h('img', { alt: '' }) : undefined;
        if (icon && picture) options.show(picture, icon);
        const button = h(
          'button',
          { onclick: () => options.onTap(index) },
          picture,
          h('span', {}, item.text ?? ''),
          item.badge ? h('i.tab-badge', {}, item.badge.length > 4 ? '…' : item.badge) : undefined,
          item.dot ? h('i.tab-dot') : undefined,
        );
        button.style.color = (on ? style.selectedColor : style.color) ?? '';
        return button;
      }),
    );
  }
  function dress(config: TabBarConfig): void {
    const { color, selectedColor, backgroundColor, borderStyle } = config;
    Object.assign(style, { color, selectedColor, backgroundColor, borderStyle }, ownStyle);
    config.list.forEach(({ text, iconPath, selectedIconPath }, index) => {
      const item = items[index];
      if (item)
        Object.assign(
          item,
          { text },
          iconPath && { iconPath },
          selectedIconPath && { selectedIconPath },
          ownItems[index],
        );
    });
    render();
  }
  dress(options.config);

  /** @throws NativeFailure */
  function change(index: number, next: TabState): void {
    const item = items[index];
    if (!item) throw new NativeFailure('tabbar item not found');
    Object.assign(item, next);
    render();
  }

  return {
    element,
    dress,
    get hidden() {
      return hidden;
    },
    select(index) {
      selected = index;
      render();
    },
    setHidden(on) {
      hidden = on;
    },
    setItem(index, item) {
      const given = givenOf(item);
      change(index, given);
      ownItems[index] = { ...ownItems[index], ...given };
    },
    setStyle(given) {
      Object.assign(style, givenOf(given));
      Object.assign(ownStyle, givenOf(given));
      render();
    },
    setBadge: (index, badge) => change(index, { badge }),
    setDot: (index, dot) => change(index, { dot }),
  };
}
