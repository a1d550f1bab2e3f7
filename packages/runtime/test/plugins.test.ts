import { expect, it } from 'vitest';
import { inBothModes, startApp, useBrowser } from './harness.ts';

useBrowser();

const dot =
  '<svg xmlns="http://www.w3.org/2000/svg" width="12" height="12"><rect width="12" height="12" fill="#07c160"/></svg>';

/** A plugin in the folder `plugin`, beside the program in `miniprogram`. */
const plugin: Record<string, string | object> = {
  'plugin/plugin.json': {
    publicComponents: { card: 'components/card/card' },
    pages: { about: 'pages/about/about' },
    main: 'index.js',
  },
  'plugin/index.js': `
    const { add } = require('/lib/math');
    module.exports = { add, host: () => requireMiniProgram().name };`,
  'plugin/lib/math.js': 'exports.add = (a, b) => a + b;',
  'plugin/images/dot.svg': dot,
  'plugin/components/card/card.json': {
    component: true,
    usingComponents: { tag: '/components/tag/tag' },
    componentGenerics: { extra: true },
  },
  'plugin/components/card/card.wxml':
    '<view class="card" id="card" bindtap="tapped"><image src="/images/dot.svg" bindload="loaded"/><text id="loaded">loaded {{width}}</text><tag text="{{title}}"/><extra/></view>',
  'plugin/components/card/card.js': `Component({
    properties: { title: String },
    data: { width: 0 },
    methods: { loaded(e) { this.setData({ width: e.detail.width }); }, tapped() { this.triggerEvent('pick', { title: this.data.title }); } },
  })`,
  'plugin/components/card/card.wxss': '.card { color: rgb(1, 2, 3) }',
  'plugin/components/tag/tag.json': { component: true },
  'plugin/components/tag/tag.wxml': '<text id="tag">{{text}}</text>',
  'plugin/components/tag/tag.js': 'Component({ properties: { text: String } })',
  'plugin/pages/about/about.wxml': '<view class="about">about {{who}}</view>',
  'plugin/pages/about/about.js': 'Page({ data: { who: "" }, onLoad(q) { this.setData({ who: q.who }) } })',
  'plugin/pages/about/about.json': { navigationBarTitleText: 'About' },
};

const program: Record<string, string | object> = {
  'project.config.json': { appid: 'wxtest', miniprogramRoot: 'miniprogram', pluginRoot: 'plugin' },
  'miniprogram/app.json': {
    pages: ['pages/a/a'],
    plugins: {
      hello: {
        version: 'dev',
        provider: 'wxhello',
        export: 'exported.js',
        genericsImplementation: { card: { extra: 'extra/extra' } },
      },
      far: { version: '1.0.0', provider: 'wxfar' },
    },
  },
  'miniprogram/app.js': 'App({})',
  'miniprogram/app.wxss': 'view { font-size: 33px }',
  'miniprogram/exported.js': 'module.exports = { name: "the program" };',
  'miniprogram/extra/extra.json': { component: true },
  'miniprogram/extra/extra.wxml': '<text id="extra">extra</text>',
  'miniprogram/extra/extra.js': 'Component({})',
  'miniprogram/pages/a/a.json': { usingComponents: { card: 'plugin://hello/card', gone: 'plugin://far/gone' } },
  'miniprogram/pages/a/a.wxml':
    '<card title="one" bindpick="picked"/><view class="picked">{{picked}}</view><gone>inside</gone><navigator class="go" url="plugin://hello/about?who=link">go</navigator>',
  'miniprogram/pages/a/a.js': 'Page({ data: { picked: "" }, picked(e) { this.setData({ picked: e.detail.title }) } })',
};

inBothModes('plugins', (mode) => {
  it('of a folder give components, functions and pages, and count their paths from their own root', async () => {
    const test = await startApp({ mode, files: { ...program, ...plugin } });
    const view = await test.view();
    await view.waitText('#tag', 'one');
    expect(await view.text('#extra')).toBe('extra');
    await view.waitText('#loaded', 'loaded 12');
    await view.tap('#card');
    await view.waitText('.picked', 'one');
    const given = await test.service(() => {
      const found = (globalThis as unknown as { requirePlugin?: unknown }).requirePlugin;
      return typeof found;
    });
    // It is a name of modules, not of the world around them.
    expect(given).toBe('undefined');
    await view.tap('.go');
    await test.ready('__plugin__/wxhello/pages/about/about');
    const about = await test.view();
    await about.waitText('.about', 'about link');
    // The styles of the program's app.wxss are not those of a plugin's page.
    expect(await about.eval('.about', (element) => getComputedStyle(element).fontSize)).not.toBe('33px');
    await test.service(({ wx }) => wx.navigateBack());
    await expect.poll(() => test.paths()).toEqual(['pages/a/a']);
    await test.service(({ wx }) => wx.navigateTo({ url: 'plugin://hello/about?who=call' }));
    await test.ready('__plugin__/wxhello/pages/about/about');
    await (await test.view()).waitText('.about', 'about call');
    expect(
      await test.service(({ wx }) =>
        wx.navigateTo({ url: 'plugin://hello/none' }).catch((e: { errMsg: string }) => e.errMsg),
      ),
    ).toBe('navigateTo:fail page "plugin://hello/none" is not found');
    expect(await test.problems()).toEqual([]);
    await test.close();
  });

  it('are had by requirePlugin; one that is not here does nothing and says so once a function', async () => {
    const test = await startApp({
      mode,
      files: {
        ...program,
        ...plugin,
        'miniprogram/app.js': `
          const hello = requirePlugin('hello'), far = requirePlugin('far');
          let unknown = ''; try { requirePlugin('unknown') } catch (e) { unknown = e.message }
          App({ sum: hello.add(1, 2), host: hello.host(), same: requirePlugin('plugin://wxhello') === hello, far: [far.one(), far.one(), far.two()], unknown })`,
      },
    });
    expect(
      await test.service(({ getApp }) => {
        const { sum, host, same, far, unknown } = getApp();
        return { sum, host, same, far: far.map(String), unknown };
      }),
    ).toEqual({
      sum: 3,
      host: 'the program',
      same: true,
      far: ['undefined', 'undefined', 'undefined'],
      unknown: 'plugin "unknown" is not listed in app.json',
    });
    const told = (await test.logs()).filter(({ text }) => text.includes('files of this plugin'));
    expect(told.map(({ text }) => text.split(' ')[0])).toEqual(['far.one', 'far.two']);
    await test.close();
  });
});
