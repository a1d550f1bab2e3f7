import { expect, it } from 'vitest';
import { inBothModes, startApp, useBrowser } from '../harness.ts';
import { eventually, onePage, sync } from './support.ts';

useBrowser();

inBothModes('developer and platform calls', (mode) => {
  it('wx.reportEvent wx.reportAnalytics wx.reportMonitor: are kept by the phone', async () => {
    const test = await startApp({ mode, files: onePage() });
    await sync(test, 'reportEvent', 'buy', { price: 3 });
    await sync(test, 'reportAnalytics', 'enter', { page: 'a' });
    await sync(test, 'reportMonitor', '1', 5);
    await eventually(() => test.page.evaluate(() => window.sparrow.reports)).toEqual([
      { event: 'buy', data: { api: 'reportEvent', data: { price: 3 } } },
      { event: 'enter', data: { api: 'reportAnalytics', data: { page: 'a' } } },
      { event: '1', data: { api: 'reportMonitor', data: 5 } },
    ]);
    for (const name of ['reportEvent', 'reportAnalytics', 'reportMonitor'])
      expect(await sync(test, name)).toBe(
        `throws ${name}:fail parameter error: parameter should be String instead of Undefined;`,
      );
    await test.close();
  });

  it('wx.getLogManager wx.getRealtimeLogManager: write to the log of the phone', async () => {
    const test = await startApp({ mode, files: onePage() });
    await test.service(({ wx }) => {
      const log = wx.getLogManager({ level: 1 });
      log.debug('one');
      log.warn('two', { x: 1 });
      const realtime = wx.getRealtimeLogManager();
      realtime.info('three');
      realtime.tag('shop').error('four');
      realtime.setFilterMsg('f');
      realtime.addFilterMsg('g');
    });
    const lines = async () => (await test.logs()).map(({ level, text }) => `${level} ${text}`);
    await eventually(lines).toEqual(
      expect.arrayContaining(['debug one', 'warn two {"x":1}', 'info three', 'error [shop] four']),
    );
    await test.close();
  });

  it('wx.getUpdateManager wx.getPerformance: there is no update; a clock runs', async () => {
    const test = await startApp({ mode, files: onePage() });
    const seen = await test.service(
      ({ wx }) =>
        new Promise((resolve) => {
          const manager = wx.getUpdateManager();
          const log: unknown[] = [];
          manager.onUpdateReady(() => log.push('ready'));
          manager.onUpdateFailed(() => log.push('failed'));
          manager.onCheckForUpdate((r: { hasUpdate: boolean }) => resolve([...log, r.hasUpdate]));
        }),
    );
    expect(seen).toEqual([false]);
    expect(
      await test.service(({ wx }) => {
        const performance = wx.getPerformance();
        performance.createObserver(() => {}).observe({ entryTypes: ['render'] });
        return [performance.now() >= 0, performance.getEntries()];
      }),
    ).toEqual([true, []]);
    await test.close();
  });
});
