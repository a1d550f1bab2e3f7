import type { TabBarCommand } from '@sparrow/protocol';
import { ApiFailure, createApiHelper } from './api.ts';
import type { WxDomain } from './context.ts';

interface TabOptions {
  index: number;
  text?: string;
  iconPath?: string;
  selectedIconPath?: string;
  animation?: boolean;
}

/** Tab bar, navigation bar and background of the page that is shown. */
export const barsDomain: WxDomain = (context) => {
  const api = createApiHelper(context.reporter);
  const { invoker } = context;
  const pageId = (): number => {
    const page = context.currentPage();
    if (!page) throw new ApiFailure('there is no page');
    return page.id;
  };
  const tabBar = (command: TabBarCommand): Promise<object> => invoker.invoke('tabBar', command);
  const given = (options: object, names: readonly string[]): Record<string, string> =>
    Object.fromEntries(
      Object.entries(options)
        .filter(([name, value]) => names.includes(name) && value !== undefined)
        .map(([name, value]) => [name, String(value)]),
    );
  const index = { index: 'Number' } as const;
  return {
    showTabBar: api.async('showTabBar', {}, (o: { animation?: boolean }) =>
      tabBar({ op: 'show', animation: o.animation === true }),
    ),
    hideTabBar: api.async('hideTabBar', {}, (o: { animation?: boolean }) =>
      tabBar({ op: 'hide', animation: o.animation === true }),
    ),
    setTabBarBadge: api.async('setTabBarBadge', { ...index, text: 'String' }, (o: TabOptions) =>
      tabBar({ op: 'setBadge', index: o.index, text: o.text ?? '' }),
    ),
    removeTabBarBadge: api.async('removeTabBarBadge', index, (o: TabOptions) =>
      tabBar({ op: 'removeBadge', index: o.index }),
    ),
    showTabBarRedDot: api.async('showTabBarRedDot', index, (o: TabOptions) =>
      tabBar({ op: 'showRedDot', index: o.index }),
    ),
    hideTabBarRedDot: api.async('hideTabBarRedDot', index, (o: TabOptions) =>
      tabBar({ op: 'hideRedDot', index: o.index }),
    ),
    setTabBarItem: api.async('setTabBarItem', index, (o: TabOptions) =>
      tabBar({ op: 'setItem', index: o.index, ...given(o, ['text', 'iconPath', 'selectedIconPath']) }),
    ),
    setTabBarStyle: api.async('setTabBarStyle', {}, (o: object) =>
      tabBar({ op: 'setStyle', ...given(o, ['color', 'selectedColor', 'backgroundColor', 'borderStyle']) }),
    ),
    showNavigationBarLoading: api.async('showNavigationBarLoading', {}, () =>
      invoker.invoke('showNavigationBarLoading', { pageId: pageId() }),
    ),
    hideNavigationBarLoading: api.async('hideNavigationBarLoading', {}, () =>
      invoker.invoke('hideNavigationBarLoading', { pageId: pageId() }),
    ),
    hideHomeButton: api.async('hideHomeButton', {}, () => invoker.invoke('hideHomeButton', { pageId: pageId() })),
    setBackgroundColor: api.async(
      'setBackgroundColor',
      { 'backgroundColor?': 'String', 'backgroundColorTop?': 'String', 'backgroundColorBottom?': 'String' },
      (o: { backgroundColor?: string; backgroundColorTop?: string }) => {
        // The strip above the page shows on iOS only; there is one colour here.
        const backgroundColor = o.backgroundColor ?? o.backgroundColorTop;
        return invoker.invoke('setBackgroundColor', {
          pageId: pageId(),
          ...(backgroundColor !== undefined && { backgroundColor }),
        });
      },
    ),
    setBackgroundTextStyle: api.async('setBackgroundTextStyle', { textStyle: 'String' }, (o: { textStyle: string }) => {
      if (o.textStyle !== 'dark' && o.textStyle !== 'light') throw new ApiFailure(`invalid textStyle "${o.textStyle}"`);
      return invoker.invoke('setBackgroundTextStyle', { pageId: pageId(), textStyle: o.textStyle });
    }),
  };
};
