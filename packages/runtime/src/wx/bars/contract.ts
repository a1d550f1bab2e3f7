import { contract } from '../contract.ts';
import { flag, number, object, optional, text } from '../schema.ts';

const onPage = { pageId: number() };
const item = { index: number() };

/** Navigation bar of a page, tab bar of the app. */
export const barsContract = contract({
  calls: {
    setNavigationBarTitle: { params: { ...onPage, title: text() } },
    setNavigationBarColor: {
      params: {
        ...onPage,
        frontColor: text(),
        backgroundColor: text(),
        /** Milliseconds. */
        animation: optional(object({ duration: optional(number()), timingFunc: optional(text()) })),
      },
    },
    showNavigationBarLoading: { params: onPage },
    hideNavigationBarLoading: { params: onPage },
    hideHomeButton: { params: onPage },
    showTabBar: { params: { animation: flag() } },
    hideTabBar: { params: { animation: flag() } },
    setTabBarBadge: { params: { ...item, text: text() } },
    removeTabBarBadge: { params: item },
    showTabBarRedDot: { params: item },
    hideTabBarRedDot: { params: item },
    setTabBarItem: {
      params: { ...item, text: optional(text()), iconPath: optional(text()), selectedIconPath: optional(text()) },
    },
    setTabBarStyle: {
      params: {
        color: optional(text()),
        selectedColor: optional(text()),
        backgroundColor: optional(text()),
        borderStyle: optional(text()),
      },
    },
  },
});
