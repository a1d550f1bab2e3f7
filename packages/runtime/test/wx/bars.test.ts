import { expect, it } from 'vitest';
import { inBothModes, startApp, type TestApp, useBrowser } from '../harness.ts';
import { callBack, eventually, message, missing, threePages } from './support.ts';

useBrowser();

const files = threePages();
const away = async (test: TestApp): Promise<void> => {
  await message(test, 'navigateTo', { url: '/pages/c/c' });
  await test.ready('pages/c/c');
};

inBothModes('bars', (mode) => {
  it('wx.hideTabBar wx.showTabBar wx.setTabBarBadge wx.removeTabBarBadge wx.showTabBarRedDot wx.hideTabBarRedDot: show on the tab bar', async () => {
    const test = await startApp({ mode, files });
    const bar = test.page.locator('.tab-bar');
    expect(await message(test, 'hideTabBar')).toBe('hideTabBar:ok');
    await eventually(() => bar.count()).toBe(0);
    expect(await callBack(test, 'showTabBar')).toEqual(['success showTabBar:ok', 'complete showTabBar:ok']);
    await eventually(() => bar.count()).toBe(1);

    expect(await message(test, 'setTabBarBadge', { index: 1, text: '9' })).toBe('setTabBarBadge:ok');
    expect(await bar.locator('button').nth(1).locator('.tab-badge').innerText()).toBe('9');
    expect(await message(test, 'setTabBarBadge', { index: 0 })).toBe(missing('setTabBarBadge', 'text'));
    expect(await message(test, 'removeTabBarBadge', { index: 1 })).toBe('removeTabBarBadge:ok');
    expect(await bar.locator('.tab-badge').count()).toBe(0);
    expect(await message(test, 'removeTabBarBadge')).toBe(missing('removeTabBarBadge', 'index', 'Number'));

    expect(await message(test, 'showTabBarRedDot', { index: 0 })).toBe('showTabBarRedDot:ok');
    expect(await bar.locator('button').nth(0).locator('.tab-dot').count()).toBe(1);
    expect(await message(test, 'showTabBarRedDot', { index: 7 })).toBe('showTabBarRedDot:fail tabbar item not found');
    expect(await message(test, 'hideTabBarRedDot', { index: 0 })).toBe('hideTabBarRedDot:ok');
    expect(await bar.locator('.tab-dot').count()).toBe(0);

    await away(test);
    for (const [name, options] of Object.entries({
      showTabBar: {},
      hideTabBar: {},
      setTabBarBadge: { index: 0, text: 'x' },
      removeTabBarBadge: { index: 0 },
      showTabBarRedDot: { index: 0 },
      hideTabBarRedDot: { index: 0 },
    }))
      expect(await message(test, name, options)).toBe(`${name}:fail not TabBar page`);
    await test.close();
  });

  it('wx.setTabBarItem wx.setTabBarStyle: change texts and colours', async () => {
    const test = await startApp({ mode, files });
    const bar = test.page.locator('.tab-bar');
    expect(await message(test, 'setTabBarItem', { index: 1, text: 'Beta' })).toBe('setTabBarItem:ok');
    expect(await bar.locator('button').nth(1).innerText()).toBe('Beta');
    expect(await message(test, 'setTabBarItem', {})).toBe(missing('setTabBarItem', 'index', 'Number'));
    expect(await message(test, 'setTabBarStyle', { selectedColor: '#ff0000', backgroundColor: '#00ff00' })).toBe(
      'setTabBarStyle:ok',
    );
    expect(await bar.evaluate((element) => element.style.backgroundColor)).toBe('rgb(0, 255, 0)');
    expect(
      await bar
        .locator('button')
        .nth(0)
        .evaluate((element) => element.style.color),
    ).toBe('rgb(255, 0, 0)');
    await away(test);
    expect(await message(test, 'setTabBarItem', { index: 0, text: 'x' })).toBe('setTabBarItem:fail not TabBar page');
    expect(await message(test, 'setTabBarStyle')).toBe('setTabBarStyle:fail not TabBar page');
    await test.close();
  });

  it('wx.setNavigationBarTitle wx.setNavigationBarColor wx.showNavigationBarLoading wx.hideNavigationBarLoading: change the bar of the page', async () => {
    const test = await startApp({ mode, files });
    const bar = test.page.locator('.nav-bar');
    expect(await message(test, 'setNavigationBarTitle', { title: '标题' })).toBe('setNavigationBarTitle:ok');
    expect(await bar.innerText()).toContain('标题');
    expect(await callBack(test, 'setNavigationBarTitle')).toEqual([
      `fail ${missing('setNavigationBarTitle', 'title')}`,
      `complete ${missing('setNavigationBarTitle', 'title')}`,
    ]);
    expect(await message(test, 'setNavigationBarColor', { frontColor: '#ffffff', backgroundColor: '#0000ff' })).toBe(
      'setNavigationBarColor:ok',
    );
    expect(await bar.evaluate((element) => [element.style.color, element.style.backgroundColor])).toEqual([
      'rgb(255, 255, 255)',
      'rgb(0, 0, 255)',
    ]);
    expect(await message(test, 'setNavigationBarColor', { frontColor: 'red', backgroundColor: '#fff' })).toBe(
      'setNavigationBarColor:fail invalid frontColor "red"',
    );
    expect(await message(test, 'showNavigationBarLoading')).toBe('showNavigationBarLoading:ok');
    expect(await bar.locator('.nav-spinner').isHidden()).toBe(false);
    expect(await message(test, 'hideNavigationBarLoading')).toBe('hideNavigationBarLoading:ok');
    expect(await bar.locator('.nav-spinner').isHidden()).toBe(true);
    await test.close();
  });

  it('wx.hideHomeButton: takes the home button from a page that was opened directly', async () => {
    const test = await startApp({ mode, files, phone: { page: 'pages/c/c' } });
    expect(await test.page.locator('.nav-home').count()).toBe(1);
    expect(await message(test, 'hideHomeButton')).toBe('hideHomeButton:ok');
    expect(await test.page.locator('.nav-home').count()).toBe(0);
    await test.close();
  });

  it('follows the theme in every colour and icon, but for what the program has chosen itself', async () => {
    const theme = (front: string, back: string, name: string) => ({
      front,
      back,
      icon: `/${name}.svg`,
      chosen: `/${name}2.svg`,
      tab: back,
    });
    const picture = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>';
    const tab = (name: string) => ({
      pagePath: `pages/${name}/${name}`,
      text: name,
      iconPath: '@icon',
      selectedIconPath: '@chosen',
    });
    const test = await startApp({
      mode,
      phone: { theme: 'light' },
      files: {
        'app.js': 'App({})',
        'app.json': {
          pages: ['pages/a/a', 'pages/b/b'],
          darkmode: true,
          themeLocation: 'theme.json',
          window: { navigationBarTextStyle: '@front', navigationBarBackgroundColor: '@back' },
          tabBar: { color: '#111111', selectedColor: '#222222', backgroundColor: '@tab', list: [tab('a'), tab('b')] },
        },
        'theme.json': { light: theme('black', '#ffffff', 'light'), dark: theme('white', '#101010', 'dark') },
        ...Object.fromEntries(['light', 'light2', 'dark', 'dark2'].map((name) => [`${name}.svg`, picture])),
        'pages/a/a.wxml': 'a',
        'pages/a/a.js': 'Page({})',
        'pages/b/b.wxml': 'b',
        'pages/b/b.js': 'Page({})',
      },
    });
    const look = () =>
      test.page.evaluate(() => {
        const style = (selector: string) => (document.querySelector(selector) as HTMLElement).style;
        return [
          style('.nav-bar').color,
          style('.nav-bar').backgroundColor,
          style('.tab-bar').backgroundColor,
          ...[...document.querySelectorAll<HTMLImageElement>('.tab-bar img')].map((each) =>
            each.src.replace(/.*\//, ''),
          ),
        ];
      });
    const dark = ['rgb(255, 255, 255)', 'rgb(16, 16, 16)', 'rgb(16, 16, 16)', 'dark2.svg', 'dark.svg'];
    await eventually(look).toEqual([
      'rgb(0, 0, 0)',
      'rgb(255, 255, 255)',
      'rgb(255, 255, 255)',
      'light2.svg',
      'light.svg',
    ]);
    await test.page.evaluate(() => window.sparrow.phone?.setTheme('dark'));
    await eventually(look).toEqual(dark);
    await test.service(async ({ wx }) => {
      await wx.setNavigationBarColor({ frontColor: '#000000', backgroundColor: '#ff0000' });
      await wx.setTabBarItem({ index: 1, iconPath: '/light2.svg' });
    });
    await test.page.evaluate(() => window.sparrow.phone?.setTheme('light'));
    await eventually(look).toEqual([
      'rgb(0, 0, 0)',
      'rgb(255, 0, 0)',
      'rgb(255, 255, 255)',
      'light2.svg',
      'light2.svg',
    ]);
    await test.close();
  });
});
