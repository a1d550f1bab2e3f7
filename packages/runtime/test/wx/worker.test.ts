import { expect, it } from 'vitest';
import { inBothModes, startApp, useBrowser } from '../harness.ts';
import { eventually, onePage, sync } from './support.ts';

useBrowser();

const files = {
  ...onePage(),
  'app.json': { pages: ['pages/a/a'], workers: 'workers' },
  'workers/index.js': `const { double } = require('./lib/double');
worker.onMessage((message) => {
  if (message.fail) throw new Error('broken on purpose');
  worker.postMessage({ twice: double(message.value), wx: typeof wx, bytes: message.bytes && message.bytes.byteLength });
});`,
  'workers/lib/double.js': 'exports.double = (value) => value * 2;',
};

inBothModes('worker', (mode) => {
  it('wx.createWorker: scripts of the folder run in a thread of their own and talk by messages, one Worker at a time', async () => {
    const test = await startApp({ mode, files });
    const answers = () => test.service(({ getApp }) => getApp().log);
    await test.service(({ wx, getApp }) => {
      const worker = wx.createWorker('workers/index.js');
      getApp().worker = worker;
      worker.onMessage((message: unknown) => getApp().log.push(message));
      worker.postMessage({ value: 21, bytes: new ArrayBuffer(4) });
    });
    await eventually(answers).toEqual([{ twice: 42, wx: 'undefined', bytes: 4 }]);
    expect(await sync(test, 'createWorker', 'workers/index.js')).toBe(
      'throws createWorker:fail exceed max concurrent worker limit',
    );
    await test.service(({ getApp }) => getApp().worker.postMessage({ fail: true }));
    await eventually(async () => (await test.problems()).map(({ message }) => message)).toEqual([
      expect.stringMatching(/broken on purpose.*workers\/index\.js/),
    ]);
    await test.service(({ wx, getApp }) => {
      getApp().worker.terminate();
      const next = wx.createWorker('/workers/index.js');
      next.onMessage((message: unknown) => getApp().log.push(message));
      getApp().worker.postMessage({ value: 1 });
      next.postMessage({ value: 2 });
    });
    await eventually(answers).toMatchObject([{ twice: 42 }, { twice: 4 }]);
    await test.close();
  });

  it('wx.createWorker: says what is missing', async () => {
    const test = await startApp({ mode, files });
    expect(await sync(test, 'createWorker')).toBe(
      'throws createWorker:fail parameter error: parameter.scriptPath should be String instead of Undefined;',
    );
    expect(await sync(test, 'createWorker', 'workers/none.js')).toBe(
      'throws createWorker:fail the script "workers/none.js" is not in "workers"',
    );
    expect(await sync(test, 'createWorker', 'app.js')).toBe(
      'throws createWorker:fail the script "app.js" is not in "workers"',
    );
    await test.close();
    const plain = await startApp({ mode, files: onePage() });
    expect(await sync(plain, 'createWorker', 'workers/index.js')).toBe(
      'throws createWorker:fail "workers" is not declared in app.json',
    );
    await plain.close();
  });
});
