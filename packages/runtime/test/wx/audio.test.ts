import { expect, it } from 'vitest';
import { inBothModes, startApp, type TestApp, useBrowser } from '../harness.ts';
import { call, callBack, eventually, message, missing, onePage } from './support.ts';
import { wavOf } from './wav.ts';

useBrowser();

const SECONDS = 0.6;
const SOUNDS = { 'tone.wav': wavOf(SECONDS), 'long.wav': wavOf(30), 'broken.mp3': 'this is no sound' };

/** A program with sounds in its package; its user has touched the page, as a browser wants it before it plays. */
async function startWithTone(mode: 'dual' | 'single', files: Record<string, string | object> = {}): Promise<TestApp> {
  const test = await startApp({ mode, files: { ...onePage(), ...SOUNDS, ...files } });
  await test.page.mouse.click(200, 500);
  return test;
}

/** What the listeners of `getApp().log` have heard so far. */
const heard = (test: TestApp): Promise<string[]> => test.service(({ getApp }) => getApp().log);
const heardOnce = async (test: TestApp): Promise<string[]> => [...new Set(await heard(test))];

inBothModes('audio', (mode) => {
  it('wx.createInnerAudioContext: plays a file, tells its events in order, seeks, stops, and is silent once destroyed', async () => {
    const test = await startWithTone(mode);
    expect(
      await test.service(({ wx, getApp }) => {
        const app = getApp();
        const audio = wx.createInnerAudioContext();
        app.audio = audio;
        for (const event of ['Canplay', 'Play', 'Pause', 'Stop', 'Ended', 'TimeUpdate', 'Seeking', 'Seeked', 'Error'])
          audio[`on${event}`]((told?: { errCode: number; errMsg: string }) =>
            app.log.push(told ? `${event} ${told.errCode} ${told.errMsg}` : event),
          );
        const before = [audio.src, audio.paused, audio.volume, audio.playbackRate, audio.loop, audio.currentTime];
        audio.volume = 7;
        audio.playbackRate = 0.1;
        const limited = [audio.volume, audio.playbackRate];
        audio.volume = 0.2;
        audio.playbackRate = 1;
        audio.src = '/tone.wav';
        audio.play();
        return [before, limited];
      }),
    ).toEqual([
      ['', true, 1, 1, false, 0],
      [1, 0.5],
    ]);
    await eventually(() => heardOnce(test)).toEqual(['Canplay', 'Play', 'TimeUpdate', 'Ended']);
    expect(
      await test.service(({ getApp }) => {
        const { duration, currentTime, paused, buffered } = getApp().audio;
        return [duration, currentTime, paused, buffered];
      }),
    ).toEqual([SECONDS, SECONDS, true, SECONDS]);

    await test.service(({ getApp }) => {
      getApp().log.length = 0;
      getApp().audio.seek(0.2);
    });
    await eventually(() => heardOnce(test)).toEqual(['Seeking', 'TimeUpdate', 'Seeked']);
    expect(await test.service(({ getApp }) => getApp().audio.currentTime)).toBe(0.2);

    await test.service(({ getApp }) => {
      getApp().log.length = 0;
      getApp().audio.loop = true;
      getApp().audio.offTimeUpdate();
      getApp().audio.offSeeking();
      getApp().audio.offSeeked();
      getApp().audio.play();
    });
    await eventually(() => heard(test)).toEqual(['Play']);
    await test.service(({ getApp }) => getApp().audio.pause());
    await eventually(() => heard(test)).toEqual(['Play', 'Pause']);
    expect(await test.service(({ getApp }) => getApp().audio.paused)).toBe(true);
    await test.service(({ getApp }) => getApp().audio.stop());
    await eventually(() => heard(test)).toEqual(['Play', 'Pause', 'Stop']);
    expect(await test.service(({ getApp }) => getApp().audio.currentTime)).toBe(0);

    await test.service(({ wx, getApp }) => {
      getApp().audio.play();
      getApp().audio.destroy();
      getApp().audio.play();
      const next = wx.createInnerAudioContext();
      next.onCanplay(() => getApp().log.push('the next one'));
      next.src = '/tone.wav';
    });
    await eventually(() => heard(test)).toEqual(['Play', 'Pause', 'Stop', 'the next one']);
    await test.close();
  });

  it('wx.createInnerAudioContext: begins at startTime when it is to play by itself, and says why it cannot', async () => {
    const test = await startWithTone(mode);
    await test.service(({ wx, getApp }) => {
      const audio = wx.createInnerAudioContext({ useWebAudioImplement: true });
      getApp().audio = audio;
      audio.startTime = 0.4;
      audio.autoplay = true;
      audio.onPlay(() => getApp().log.push(`Play ${audio.currentTime >= 0.4}`));
      audio.onEnded(() => getApp().log.push('Ended'));
      audio.onError(({ errCode, errMsg }: { errCode: number; errMsg: string }) =>
        getApp().log.push(`Error ${errCode} ${errMsg}`),
      );
      audio.src = '/tone.wav';
    });
    await eventually(() => heard(test)).toEqual(['Play true', 'Ended']);
    for (const [src, error] of [
      ['/none.mp3', 'Error 10003 no such file "/none.mp3"'],
      ['/broken.mp3', 'Error 10004 the format is not supported'],
      ['http://127.0.0.1:1/a.mp3', expect.stringMatching(/^Error 10002 /)],
    ]) {
      await test.service(({ getApp }, path: string) => {
        getApp().log.length = 0;
        getApp().audio.src = path;
      }, src);
      await eventually(() => heard(test)).toEqual([error]);
    }
    await test.close();
  });

  it('wx.createInnerAudioContext: knows where it is whatever somebody sets the clock to', async () => {
    const test = await startWithTone(mode);
    await test.service(({ wx, getApp }) => {
      const audio = wx.createInnerAudioContext();
      getApp().audio = audio;
      audio.src = '/long.wav';
      audio.onPlay(() => getApp().log.push('Play'));
      audio.play();
    });
    await eventually(() => heard(test)).toEqual(['Play']);
    const places = await test.service(({ getApp }) => {
      const { audio } = getApp();
      const now = Date.now;
      const found = [0, 3_600_000, -3_600_000].map((ahead) => {
        Date.now = () => now() + ahead;
        return audio.currentTime as number;
      });
      Date.now = now;
      return found;
    });
    // Less than 30 seconds have gone by, and more than none.
    for (const place of places) expect(place > -1 && place < 30, String(places)).toBe(true);
    await test.close();
  });

  it('wx.onAudioInterruptionBegin wx.offAudioInterruptionBegin wx.onAudioInterruptionEnd wx.offAudioInterruptionEnd: another app takes the sound, and a hidden program is silent', async () => {
    const test = await startWithTone(mode);
    const interrupt = (on: boolean) => test.page.evaluate((begins) => window.sparrow.phone?.interruptAudio(begins), on);
    await test.service(({ wx, getApp }) => {
      const { log } = getApp();
      const audio = wx.createInnerAudioContext();
      getApp().audio = audio;
      audio.loop = true;
      audio.src = '/tone.wav';
      audio.onPlay(() => log.push('Play'));
      audio.onPause(() => log.push('Pause'));
      wx.onAudioInterruptionBegin(() => log.push('begin'));
      wx.onAudioInterruptionEnd(() => log.push('end'));
      wx.onAudioInterruptionEnd(() => audio.play());
      audio.play();
    });
    await eventually(() => heard(test)).toEqual(['Play']);
    await interrupt(true);
    await eventually(() => heard(test)).toEqual(['Play', 'begin', 'Pause']);
    await interrupt(false);
    await eventually(() => heard(test)).toEqual(['Play', 'begin', 'Pause', 'end', 'Play']);
    await test.service(({ wx, getApp }) => {
      getApp().log.length = 0;
      wx.offAudioInterruptionBegin();
      wx.offAudioInterruptionEnd();
    });
    await interrupt(true);
    await eventually(() => heard(test)).toEqual(['Pause']);
    await interrupt(false);
    await test.service(({ getApp }) => getApp().audio.play());
    await eventually(() => heard(test)).toEqual(['Pause', 'Play']);
    await test.page.evaluate(() => window.sparrow.phone?.hide());
    await eventually(() => heard(test)).toEqual(['Pause', 'Play', 'Pause']);
    await test.close();
  });

  it('wx.getBackgroundAudioManager: plays once it has a title, goes on in the background, and is driven by the keys of the system', async () => {
    const test = await startWithTone(mode, {
      'app.json': { pages: ['pages/a/a'], requiredBackgroundModes: ['audio'] },
    });
    await test.service(({ wx, getApp }) => {
      const { log } = getApp();
      const music = wx.getBackgroundAudioManager();
      for (const event of ['Canplay', 'Play', 'Pause', 'Stop', 'Ended', 'Next', 'Prev'])
        music[`on${event}`](() => log.push(event));
      music.onError(({ errMsg }: { errMsg: string }) => log.push(errMsg));
      music.src = '/tone.wav';
    });
    expect(await heard(test)).toEqual(['setBackgroundAudioState:fail title is nil!']);
    await test.service(({ wx, getApp }) => {
      getApp().log.length = 0;
      const music = wx.getBackgroundAudioManager();
      music.title = '麻雀';
      music.singer = 'Sparrow';
      music.src = '/tone.wav';
    });
    await eventually(() => heard(test)).toEqual(['Canplay', 'Play', 'Ended']);
    expect(
      await test.page.evaluate(() => [navigator.mediaSession.metadata?.title, navigator.mediaSession.metadata?.artist]),
    ).toEqual(['麻雀', 'Sparrow']);
    await test.service(({ wx, getApp }) => {
      getApp().log.length = 0;
      wx.getBackgroundAudioManager().playbackRate = 0.5;
      wx.getBackgroundAudioManager().play();
    });
    await test.page.evaluate(() => window.sparrow.phone?.hide());
    await eventually(() => heard(test)).toEqual(['Play', 'Ended']);
    await test.service(({ wx }) => wx.getBackgroundAudioManager().stop());
    await eventually(() => heard(test)).toEqual(['Play', 'Ended', 'Stop']);
    expect(await test.page.evaluate(() => navigator.mediaSession.metadata)).toBe(null);
    await test.close();
  });

  it('wx.playBackgroundAudio wx.pauseBackgroundAudio wx.stopBackgroundAudio wx.seekBackgroundAudio wx.getBackgroundAudioPlayerState wx.onBackgroundAudioPlay wx.onBackgroundAudioPause wx.onBackgroundAudioStop: the older functions for the same music', async () => {
    const test = await startWithTone(mode);
    await test.service(({ wx, getApp }) => {
      for (const event of ['Play', 'Pause', 'Stop']) wx[`onBackgroundAudio${event}`](() => getApp().log.push(event));
    });
    expect(await call(test, 'getBackgroundAudioPlayerState')).toEqual({
      status: 2,
      errMsg: 'getBackgroundAudioPlayerState:ok',
    });
    for (const name of ['pauseBackgroundAudio', 'stopBackgroundAudio'])
      expect(await message(test, name)).toBe(`${name}:fail no background audio is playing`);
    expect(await message(test, 'seekBackgroundAudio', { position: 0 })).toBe(
      'seekBackgroundAudio:fail no background audio is playing',
    );
    expect(await message(test, 'seekBackgroundAudio')).toBe(missing('seekBackgroundAudio', 'position', 'Number'));
    expect(await message(test, 'playBackgroundAudio')).toBe(missing('playBackgroundAudio', 'dataUrl'));
    expect(await message(test, 'playBackgroundAudio', { dataUrl: '/none.wav' })).toBe(
      'playBackgroundAudio:fail no such file "/none.wav"',
    );
    expect(await callBack(test, 'playBackgroundAudio', { dataUrl: '/long.wav', title: 'tone' })).toEqual([
      'success playBackgroundAudio:ok',
      'complete playBackgroundAudio:ok',
    ]);
    expect(await message(test, 'seekBackgroundAudio', { position: 20 })).toBe('seekBackgroundAudio:ok');
    await eventually(async () => (await call(test, 'getBackgroundAudioPlayerState')).currentPosition).toBeGreaterThan(
      19,
    );
    expect(await call(test, 'getBackgroundAudioPlayerState')).toMatchObject({
      status: 1,
      duration: 30,
      dataUrl: '/long.wav',
    });
    expect(await message(test, 'pauseBackgroundAudio')).toBe('pauseBackgroundAudio:ok');
    await eventually(() => heard(test)).toEqual(['Play', 'Pause']);
    expect(await call(test, 'getBackgroundAudioPlayerState')).toMatchObject({ status: 0 });
    expect(await message(test, 'stopBackgroundAudio')).toBe('stopBackgroundAudio:ok');
    await eventually(() => heard(test)).toEqual(['Play', 'Pause', 'Stop']);
    await test.close();
  });

  it('wx.playVoice wx.pauseVoice wx.stopVoice: one voice at a time, and the call ends with it', async () => {
    const test = await startWithTone(mode);
    expect(await message(test, 'pauseVoice')).toBe('pauseVoice:fail no voice is playing');
    expect(await message(test, 'stopVoice')).toBe('stopVoice:fail no voice is playing');
    expect(await message(test, 'playVoice')).toBe(missing('playVoice', 'filePath'));
    expect(await message(test, 'playVoice', { filePath: '/none.wav' })).toBe('playVoice:fail no such file "/none.wav"');
    expect(await message(test, 'playVoice', { filePath: '/tone.wav' })).toBe('playVoice:ok');
    expect(await message(test, 'playVoice', { filePath: '/long.wav', duration: 0.2 })).toBe('playVoice:ok');
    await test.service(({ wx, getApp }) => {
      wx.playVoice({ filePath: '/long.wav', complete: () => getApp().log.push('first') });
      wx.playVoice({ filePath: '/tone.wav', complete: () => getApp().log.push('second') });
    });
    await eventually(() => heard(test)).toEqual(['first', 'second']);
    const playing = call(test, 'playVoice', { filePath: '/long.wav' });
    expect(await message(test, 'pauseVoice')).toBe('pauseVoice:ok');
    expect(await message(test, 'stopVoice')).toBe('stopVoice:ok');
    expect((await playing).errMsg).toBe('playVoice:ok');
    await test.close();
  });

  it('wx.setInnerAudioOption wx.getAvailableAudioSources: take what the reference names', async () => {
    const test = await startApp({ mode, files: onePage() });
    expect(await message(test, 'setInnerAudioOption', { mixWithOther: false })).toBe('setInnerAudioOption:ok');
    expect(await message(test, 'setInnerAudioOption', { speakerOn: 'yes' })).toBe(
      'setInnerAudioOption:fail parameter error: parameter.speakerOn should be Boolean instead of String;',
    );
    expect(await call(test, 'getAvailableAudioSources')).toMatchObject({
      audioSources: expect.arrayContaining(['auto', 'mic']),
      errMsg: 'getAvailableAudioSources:ok',
    });
    await test.close();
  });
});
