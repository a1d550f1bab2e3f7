import { expect, it } from 'vitest';
import { inBothModes, startApp, type TestApp, useBrowser } from '../harness.ts';
import { eventually, message, onePage } from './support.ts';

useBrowser();

const heard = (test: TestApp): Promise<string[]> => test.service(({ getApp }) => getApp().log);
const answer = async (test: TestApp, text: string): Promise<void> =>
  test.page.locator('.sheet button', { hasText: text }).click();

/** Listens to everything; what was recorded stays in `getApp().ends`. */
const listen = (test: TestApp): Promise<void> =>
  test.service(({ wx, getApp }) => {
    const recorder = wx.getRecorderManager();
    Object.assign(getApp(), { recorder, ends: [], frames: [] });
    for (const event of ['Start', 'Pause', 'Resume', 'InterruptionBegin', 'InterruptionEnd'])
      recorder[`on${event}`](() => getApp().log.push(event));
    recorder.onStop((end: object) => {
      getApp().log.push('Stop');
      getApp().ends.push(end);
    });
    recorder.onFrameRecorded((frame: { frameBuffer: ArrayBuffer; isLastFrame: boolean }) =>
      getApp().frames.push([frame.frameBuffer.byteLength, frame.isLastFrame]),
    );
    recorder.onError(({ errMsg }: { errMsg: string }) => getApp().log.push(errMsg));
  });

inBothModes('recorder', (mode) => {
  it('wx.getRecorderManager: records after the user allows it, pauses, goes on and gives a file', async () => {
    const test = await startApp({ mode, files: onePage() });
    await listen(test);
    await test.service(({ getApp }) =>
      getApp().recorder.start({ format: 'wav', sampleRate: 16000, numberOfChannels: 1 }),
    );
    await answer(test, '允许');
    await eventually(() => heard(test)).toEqual(['Start']);
    await test.service(({ getApp }) => getApp().recorder.start({}));
    await eventually(() => heard(test)).toEqual([
      'Start',
      "operateRecorder:fail audio is recording, don't start record again",
    ]);
    await test.service(({ getApp }) => {
      getApp().recorder.pause();
      getApp().recorder.resume();
    });
    await eventually(async () => (await heard(test)).slice(2)).toEqual(['Pause', 'Resume']);
    await test.page.waitForTimeout(400);
    await test.service(({ getApp }) => getApp().recorder.stop());
    await eventually(async () => (await heard(test)).slice(4)).toEqual(['Stop']);
    const recorded = await test.service(async ({ wx, getApp }) => {
      const [end] = getApp().ends;
      const { data } = await wx.getFileSystemManager().readFile({ filePath: end.tempFilePath });
      const view = new DataView(data);
      const loud = new Int16Array(data, 44).some((sample) => Math.abs(sample) > 1000);
      return {
        ...end,
        bytes: data.byteLength,
        rate: view.getUint32(24, true),
        channels: view.getUint16(22, true),
        loud,
      };
    });
    expect(recorded).toMatchObject({
      ...{ tempFilePath: expect.stringMatching(/\.wav$/), rate: 16_000, channels: 1, loud: true },
      fileSize: recorded.bytes,
      duration: Math.round((recorded.bytes - 44) / 32),
    });
    await test.close();
  });

  it('wx.getRecorderManager: tells frames as they come and ends by itself after its duration', async () => {
    const test = await startApp({ mode, files: onePage() });
    await listen(test);
    await test.service(({ getApp }) =>
      getApp().recorder.start({ format: 'PCM', sampleRate: 8000, numberOfChannels: 1, frameSize: 2, duration: 500 }),
    );
    await answer(test, '允许');
    await eventually(() => heard(test)).toEqual(['Start', 'Stop']);
    expect(
      await test.service(({ getApp }) => [getApp().frames, getApp().ends[0].duration, getApp().ends[0].fileSize]),
    ).toEqual([
      [
        [2048, false],
        [2048, false],
        [2048, false],
        [1856, true],
      ],
      500,
      8000,
    ]);
    await test.close();
  });

  it('wx.getRecorderManager: says why it cannot record', async () => {
    const test = await startApp({ mode, files: onePage() });
    await listen(test);
    for (const [name, options, error] of [
      ['start', { format: 'flac' }, 'operateRecorder:fail invalid format "flac"'],
      ['start', { sampleRate: 5 }, 'operateRecorder:fail invalid sampleRate "5"'],
      ['start', { duration: 1e9 }, 'operateRecorder:fail duration should be within 600000'],
      ['pause', {}, 'operateRecorder:fail recorder not recording'],
      ['resume', {}, 'operateRecorder:fail recorder not paused'],
      ['stop', {}, 'operateRecorder:fail recorder not start'],
    ]) {
      await test.service(
        ({ getApp }, which: string, given: object) => {
          getApp().log.length = 0;
          getApp().recorder[which](given);
        },
        name,
        options,
      );
      await eventually(() => heard(test)).toEqual([error]);
    }
    await test.service(({ getApp }) => {
      getApp().log.length = 0;
      getApp().recorder.start();
    });
    await answer(test, '拒绝');
    await eventually(() => heard(test)).toEqual(['operateRecorder:fail auth deny']);
    await test.close();
  });

  it('wx.startRecord wx.stopRecord: the older pair gives its file when it ends', async () => {
    const test = await startApp({ mode, files: onePage() });
    expect(await message(test, 'stopRecord')).toBe('stopRecord:fail recorder not start');
    await test.service(({ wx, getApp }) => {
      wx.startRecord({ success: (result: object) => getApp().log.push(result) });
    });
    await answer(test, '允许');
    await eventually(() => message(test, 'stopRecord')).toBe('stopRecord:ok');
    await eventually(() => heard(test)).toMatchObject([
      { tempFilePath: expect.stringMatching(/\.aac$/), errMsg: 'startRecord:ok' },
    ]);
    await test.close();
    const other = await startApp({ mode, files: onePage() });
    const denied = message(other, 'startRecord');
    await answer(other, '拒绝');
    expect(await denied).toBe('startRecord:fail auth deny');
    await other.close();
  });
});
