import { expect, it } from 'vitest';
import { inBothModes, startApp, useBrowser } from '../harness.ts';
import { callBack, eventually, message, onePage, sync } from './support.ts';

useBrowser();

inBothModes('functions that are not there', (mode) => {
  it('fail with "not supported" in both styles and are reported once a page', async () => {
    const test = await startApp({
      mode,
      files: {
        ...onePage(),
        'app.json': { pages: ['pages/a/a', 'pages/b/b'] },
        'pages/b/b.wxml': 'b',
        'pages/b/b.js': 'Page({})',
      },
    });
    expect(await message(test, 'requestPayment')).toBe('requestPayment:fail not supported');
    expect(await callBack(test, 'requestPayment')).toEqual([
      'fail requestPayment:fail not supported',
      'complete requestPayment:fail not supported',
    ]);
    const reported = async () =>
      (await test.problems()).filter(({ message: text }) => text.includes('wx.requestPayment')).length;
    await eventually(reported).toBe(1);
    expect((await test.problems())[0]).toMatchObject({ kind: 'api', code: 'API_NOT_SUPPORTED' });
    await message(test, 'navigateTo', { url: '/pages/b/b' });
    await test.ready('pages/b/b');
    await message(test, 'requestPayment');
    await eventually(reported).toBe(2);
    expect(await sync(test, 'revokeBufferURL')).toBe('throws revokeBufferURL:fail not supported');
    await test.close();
  });

  it('let a program live on: objects whose methods do nothing, listeners that are never called, the cloud', async () => {
    const test = await startApp({ mode, files: onePage() });
    const seen = await test.service(async ({ wx }) => {
      wx.onHCEMessage(() => {});
      wx.offHCEMessage();
      wx.onHCEMessage(() => {});
      const audio = wx.createVKSession();
      audio.src = 'x.mp3';
      audio.play();
      audio.onEnded(() => {});
      const resolved = (await wx.createInferenceSession()) !== undefined;
      const key = await new Promise((resolve) =>
        wx.getUserCryptoManager().getLatestUserKey({ fail: (e: { errMsg: string }) => resolve(e.errMsg) }),
      );
      wx.cloud.init({ env: 'x' });
      const failed = (work: Promise<unknown>) => work.catch((e: { errMsg: string }) => e.errMsg);
      return [
        audio.src,
        resolved,
        key,
        await failed(wx.cloud.callFunction({ name: 'f' })),
        await failed(wx.cloud.database().collection('c').where({ a: 1 }).get()),
        typeof wx.worklet.shared,
        typeof wx.router.addRouteBuilder,
      ];
    });
    expect(seen).toEqual([
      'x.mp3',
      true,
      'getLatestUserKey:fail not supported',
      'cloud.callFunction:fail not supported',
      'cloud.database:fail not supported',
      'function',
      'function',
    ]);
    await eventually(async () => (await test.problems()).map(({ message: text }) => text)).toEqual([
      'wx.onHCEMessage is not supported',
      'wx.offHCEMessage is not supported',
      'wx.createVKSession is not supported',
      'wx.createVKSession().play is not supported',
      'wx.createVKSession().onEnded is not supported',
      'wx.createInferenceSession is not supported',
      'wx.getUserCryptoManager is not supported',
      'wx.getUserCryptoManager().getLatestUserKey is not supported',
      'wx.cloud.callFunction is not supported',
      'wx.cloud.database is not supported',
    ]);
    await test.close();
  });
});

inBothModes('instances of pages and components', (mode) => {
  it('have the documented methods', async () => {
    const test = await startApp({
      mode,
      files: {
        ...onePage('<inner id="c"/>'),
        'pages/a/a.json': { usingComponents: { inner: '/inner' } },
        'inner.json': { component: true },
        'inner.wxml': '<view>inner</view>',
        'inner.js':
          'const b = Behavior({}); Component({ behaviors: [b], methods: { has() { return this.hasBehavior(b) } } })',
      },
    });
    const seen = await test.service(({ getCurrentPages }) => {
      const page = getCurrentPages()[0];
      const component = page.selectComponent('#c');
      let grouped = false;
      component.groupSetData(() => {
        grouped = true;
      });
      const methods = ['animate', 'clearAnimation', 'setUpdatePerformanceListener', 'getTabBar', 'getPageId'];
      return [
        [page, component].map((instance) => methods.filter((name) => typeof instance[name] !== 'function')),
        component.getPageId() === page.getPageId() && typeof page.getPageId() === 'number',
        component.selectOwnerComponent() === page,
        component.getTabBar(),
        component.has(),
        grouped,
      ];
    });
    expect(seen).toEqual([[[], []], true, true, null, true, true]);
    await test.close();
  });
});
