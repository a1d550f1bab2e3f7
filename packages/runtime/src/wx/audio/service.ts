import { ApiFailure } from '../../service/wx/api.ts';
import type { WxContext } from '../../service/wx/context.ts';
import { asyncFunction, eventPair, serviceWith, value } from '../../service/wx/define.ts';
import { flag, number, optional, text } from '../schema.ts';
import { VOICE_PLAYER } from './contract.ts';
import { type Background, createBackground } from './service-background.ts';
import { createSound, readable, type Sound, type SoundEvent, settable } from './service-sound.ts';

const EVENTS: readonly SoundEvent[] = [
  ...(['Canplay', 'Play', 'Pause', 'Stop', 'Ended', 'TimeUpdate', 'Error', 'Waiting', 'Seeking', 'Seeked'] as const),
];
/** What a recording can come from. Source: getAvailableAudioSources of the API reference, of an Android phone. */
const SOURCES = ['auto', 'mic', 'camcorder', 'voice_communication', 'voice_recognition'];
/** Seconds that playVoice plays at most by itself. */
const VOICE_SECONDS = 60;

interface Audio {
  wx: WxContext;
  background(): Background;
  /** The listeners of the music, also of one that nobody has asked for yet. */
  inner(): object;
  voice: Voice;
}

function createAudio(wx: WxContext): Audio {
  let lastId = VOICE_PLAYER;
  let background: Background | undefined;
  const sounds = new Set<Sound>();
  const pauseAll = (): void => {
    for (const sound of sounds) if (!sound.state.paused) sound.pause();
  };
  const pauseEverything = (): void => {
    pauseAll();
    background?.sound.pause();
  };
  wx.events.watch('AppHide', () => {
    const modes = wx.manifest().app.raw.requiredBackgroundModes;
    // Music in the background is a right that app.json asks for.
    if (Array.isArray(modes) && modes.includes('audio')) pauseAll();
    else pauseEverything();
  });
  wx.events.watch('AudioInterruptionBegin', pauseEverything);

  return {
    wx,
    voice: createVoice(wx),
    background: () => (background ??= createBackground(wx)),
    inner() {
      const sound = createSound(wx, ++lastId);
      sounds.add(sound);
      const object = {};
      readable(object, sound, EVENTS);
      settable(object, sound, 'src', 'text', '');
      settable(object, sound, 'startTime', 'number', 0);
      settable(object, sound, 'autoplay', 'flag', false);
      settable(object, sound, 'loop', 'flag', false);
      settable(object, sound, 'volume', 'number', 1, [0, 1]);
      settable(object, sound, 'playbackRate', 'number', 1, [0.5, 2]);
      return Object.assign(object, {
        obeyMuteSwitch: true,
        referrerPolicy: 'no-referrer',
        play: () => sound.play(),
        pause: () => sound.pause(),
        stop: () => sound.stop(),
        seek: (seconds: unknown) => sound.seek(seconds),
        destroy() {
          sounds.delete(sound);
          sound.close();
        },
      });
    },
  };
}

/** The older functions for one voice at a time. */
interface Voice {
  /** Settles when it has come to its end, or was stopped. @throws ApiFailure */
  play(filePath: string, seconds: number): Promise<void>;
  /** Both fail when no voice plays. */
  pause(): void;
  stop(): void;
}

function createVoice(wx: WxContext): Voice {
  let sound: Sound | undefined;
  /** Ends what waits for the voice that plays. */
  let end: ((error?: ApiFailure) => void) | undefined;
  const opened = (): Sound => {
    sound ??= createSound(wx, VOICE_PLAYER);
    return sound;
  };
  function playing(): Sound {
    if (!end || !sound) throw new ApiFailure('no voice is playing');
    return sound;
  }
  return {
    play(filePath, seconds) {
      const player = opened();
      const goesOn = end !== undefined && player.state.paused && player.settings.src === filePath;
      if (!goesOn) end?.();
      return new Promise((resolve, reject) => {
        const done = (error?: ApiFailure): void => {
          for (const [event, listener] of listeners) player.off(event, listener);
          if (end === done) end = undefined;
          if (error) reject(error);
          else resolve();
        };
        const listeners: [SoundEvent, (told?: unknown) => void][] = [
          ['Ended', () => done()],
          ['Stop', () => done()],
          ['Error', (told) => done(new ApiFailure((told as { errMsg: string }).errMsg))],
          ['TimeUpdate', () => player.currentTime >= seconds && player.stop()],
        ];
        for (const [event, listener] of listeners) player.on(event, listener);
        end?.();
        end = done;
        if (goesOn) player.play();
        else player.set({ src: filePath, autoplay: true });
      });
    },
    pause: () => playing().pause(),
    stop: () => playing().stop(),
  };
}

/** An event of the music by the name of the older function. */
const older = (event: SoundEvent) =>
  value((audio: Audio) => (listener: unknown) => audio.background().sound.on(event, listener));

/** Sounds: audio contexts, music in the background, voices. */
export const audioService = serviceWith(createAudio, {
  createInnerAudioContext: value((audio) => () => audio.inner()),
  getBackgroundAudioManager: value((audio) => () => audio.background().object),
  // A browser mixes sounds and has no switch for silence: taken, and without effect.
  setInnerAudioOption: asyncFunction(
    { mixWithOther: optional(flag()), obeyMuteSwitch: optional(flag()), speakerOn: optional(flag()) },
    () => {},
  ),
  getAvailableAudioSources: asyncFunction({}, () => ({ audioSources: SOURCES })),
  ...eventPair('AudioInterruptionBegin'),
  ...eventPair('AudioInterruptionEnd'),
  playBackgroundAudio: asyncFunction(
    { dataUrl: text(), title: optional(text()), coverImgUrl: optional(text()) },
    (audio, { dataUrl, title, coverImgUrl }) =>
      // These programs are older than the rule that music has a title.
      audio.background().start({ src: dataUrl, title: title || dataUrl, coverImgUrl }),
  ),
  pauseBackgroundAudio: asyncFunction({}, (audio) => audio.background().playing().pause()),
  stopBackgroundAudio: asyncFunction({}, (audio) => audio.background().playing().stop()),
  seekBackgroundAudio: asyncFunction({ position: number() }, (audio, { position }) =>
    audio.background().playing().seek(position),
  ),
  getBackgroundAudioPlayerState: asyncFunction({}, (audio) => audio.background().state()),
  onBackgroundAudioPlay: older('Play'),
  onBackgroundAudioPause: older('Pause'),
  onBackgroundAudioStop: older('Stop'),
  playVoice: asyncFunction({ filePath: text(), duration: optional(number()) }, ({ voice }, { filePath, duration }) =>
    voice.play(filePath, duration ?? VOICE_SECONDS),
  ),
  pauseVoice: asyncFunction({}, ({ voice }) => voice.pause()),
  stopVoice: asyncFunction({}, ({ voice }) => voice.stop()),
});
