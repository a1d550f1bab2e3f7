import { ApiFailure } from '../../service/wx/api.ts';
import { asyncFunction, forwarded, service } from '../../service/wx/define.ts';
import { anything, number, optional, text } from '../schema.ts';
import { barsContract as bars } from './contract.ts';

/** Texts of a tab or colours of the bar: a program gives what it likes, and it is made a text. */
const texts = (options: object): Record<string, string> =>
  Object.fromEntries(
    Object.entries(options)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, String(value)]),
  );
const free = optional(anything());

/** Tab bar, and navigation bar of the page that is shown. */
export const barsService = service({
  showTabBar: asyncFunction({ animation: free }, ({ invoke }, { animation }) =>
    invoke('showTabBar', { animation: animation === true }),
  ),
  hideTabBar: asyncFunction({ animation: free }, ({ invoke }, { animation }) =>
    invoke('hideTabBar', { animation: animation === true }),
  ),
  setTabBarBadge: forwarded(bars, 'setTabBarBadge'),
  removeTabBarBadge: forwarded(bars, 'removeTabBarBadge'),
  showTabBarRedDot: forwarded(bars, 'showTabBarRedDot'),
  hideTabBarRedDot: forwarded(bars, 'hideTabBarRedDot'),
  setTabBarItem: asyncFunction(
    { index: number(), text: free, iconPath: free, selectedIconPath: free },
    ({ invoke }, { index, text, iconPath, selectedIconPath }) =>
      invoke('setTabBarItem', { index, ...texts({ text, iconPath, selectedIconPath }) }),
  ),
  setTabBarStyle: asyncFunction(
    { color: free, selectedColor: free, backgroundColor: free, borderStyle: free },
    ({ invoke }, { color, selectedColor, backgroundColor, borderStyle }) =>
      invoke('setTabBarStyle', texts({ color, selectedColor, backgroundColor, borderStyle })),
  ),
  setNavigationBarTitle: forwarded(bars, 'setNavigationBarTitle'),
  setNavigationBarColor: asyncFunction(
    { frontColor: text(), backgroundColor: text(), animation: bars.calls.setNavigationBarColor.params.animation },
    ({ invoke, pageId }, { frontColor, backgroundColor, animation }) => {
      if (!/^#(fff|000|ffffff|000000)$/i.test(frontColor)) throw new ApiFailure(`invalid frontColor "${frontColor}"`);
      return invoke('setNavigationBarColor', {
        pageId: pageId(),
        frontColor,
        backgroundColor,
        ...(animation && { animation }),
      });
    },
  ),
  showNavigationBarLoading: forwarded(bars, 'showNavigationBarLoading'),
  hideNavigationBarLoading: forwarded(bars, 'hideNavigationBarLoading'),
  hideHomeButton: forwarded(bars, 'hideHomeButton'),
});
