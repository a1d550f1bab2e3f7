import type { TabBarCommand, TabBarConfig, WindowConfig } from '@sparrow/protocol';
import { h } from './dom.ts';

/** Longer titles are cut, in characters. */
const MAX_TITLE = 200;

/** Navigation bar of one page. */
export function createNavigationBar(options: {
  window: WindowConfig;
  canGoBack: boolean;
  canGoHome: boolean;
  onBack(): void;
  onHome(): void;
  onTop(): void;
}) {
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
    /** Other settings of the same page: the theme has changed. */
    dress,
    setTitle: (text: string) => {
      own.title = true;
      title.textContent = text.slice(0, MAX_TITLE);
    },
    setColor: (frontColor: string, background: string, animation?: { duration: number; timingFunc: string }) => {
      own.color = true;
      element.style.transition = animation
        ? `background-color ${animation.duration}ms, color ${animation.duration}ms`
        : '';
      color(frontColor, background);
    },
    setLoading: (on: boolean) => {
      spinner.hidden = !on;
    },
    hideHome: () => element.querySelector('.nav-home')?.remove(),
  };
}

interface TabState {
  text: string;
  iconPath?: string;
  selectedIconPath?: string;
  badge?: string;
  dot?: boolean;
}

type TabBarStyle = Partial<Record<'color' | 'selectedColor' | 'backgroundColor' | 'borderStyle', string>>;

/** The tab bar of the app; it stands below the page that is shown. */
export function createTabBar(options: {
  config: TabBarConfig;
  show(image: HTMLImageElement, path: string): void;
  onTap(index: number): void;
}) {
  const items: TabState[] = options.config.list.map(() => ({ text: '' }));
  const style: TabBarStyle = {};
  /** What the program has set itself stays when the theme changes. */
  const ownStyle: TabBarStyle = {};
  const ownItems: Partial<TabState>[] = items.map(() => ({}));
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
          h('span', {}, item.text),
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

  return {
    element,
    /** The same bar with other colours and icons: the theme has changed. */
    dress,
    get hidden() {
      return hidden;
    },
    select(index: number): void {
      selected = index;
      render();
    },
    /** @returns what is wrong, if anything. */
    command(command: TabBarCommand): string | undefined {
      if (!('index' in command)) {
        if (command.op === 'show' || command.op === 'hide') hidden = command.op === 'hide';
        else {
          const { op: _op, ...given } = command;
          Object.assign(style, given);
          Object.assign(ownStyle, given);
          render();
        }
        return undefined;
      }
      const item = items[command.index];
      if (!item) return 'tabbar item not found';
      if (command.op === 'setBadge') item.badge = command.text;
      else if (command.op === 'removeBadge') delete item.badge;
      else if (command.op === 'showRedDot') item.dot = true;
      else if (command.op === 'hideRedDot') item.dot = false;
      else if (command.op === 'setItem') {
        const { text, iconPath, selectedIconPath } = command;
        const given = {
          ...(text !== undefined && { text }),
          ...(iconPath !== undefined && { iconPath }),
          ...(selectedIconPath !== undefined && { selectedIconPath }),
        };
        Object.assign(item, given);
        ownItems[command.index] = { ...ownItems[command.index], ...given };
      }
      render();
      return undefined;
    },
  };
}
export type NavigationBar = ReturnType<typeof createNavigationBar>;
export type TabBar = ReturnType<typeof createTabBar>;
