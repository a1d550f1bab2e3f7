import type { HostHalf } from '../../native/host-half.ts';
import type { Phone } from '../../native/phone.ts';
import type { barsContract } from './contract.ts';

export function createBarsHost({ pages }: Phone): HostHalf<typeof barsContract> {
  return {
    setNavigationBarTitle: ({ pageId, title }) => pages.byId(pageId).bar.setTitle(title),
    setNavigationBarColor: ({ pageId, frontColor, backgroundColor, animation }) =>
      pages.byId(pageId).bar.setColor(frontColor, backgroundColor, animation?.duration ?? 0),
    showNavigationBarLoading: ({ pageId }) => pages.byId(pageId).bar.setLoading(true),
    hideNavigationBarLoading: ({ pageId }) => pages.byId(pageId).bar.setLoading(false),
    hideHomeButton: ({ pageId }) => pages.byId(pageId).bar.hideHome(),
    showTabBar: () => pages.tabBar().setHidden(false),
    hideTabBar: () => pages.tabBar().setHidden(true),
    setTabBarBadge: ({ index, text }) => pages.tabBar().setBadge(index, text),
    removeTabBarBadge: ({ index }) => pages.tabBar().setBadge(index, undefined),
    showTabBarRedDot: ({ index }) => pages.tabBar().setDot(index, true),
    hideTabBarRedDot: ({ index }) => pages.tabBar().setDot(index, false),
    setTabBarItem: ({ index, text, iconPath, selectedIconPath }) =>
      pages.tabBar().setItem(index, { text, iconPath, selectedIconPath }),
    setTabBarStyle: ({ color, selectedColor, backgroundColor, borderStyle }) =>
      pages.tabBar().setStyle({ color, selectedColor, backgroundColor, borderStyle }),
  };
}
