import { ApiFailure } from '../../service/wx/api.ts';
import type { WxContext } from '../../service/wx/context.ts';
import { BACKGROUND_PLAYER } from './contract.ts';
import { createSound, readable, type Sound, type SoundEvent, settable } from './service-sound.ts';

const EVENTS: readonly SoundEvent[] = [
  ...(['Canplay', 'Play', 'Pause', 'Stop', 'Ended', 'TimeUpdate', 'Waiting', 'Seeking', 'Seeked'] as const),
  ...(['Error', 'Next', 'Prev'] as const),
];
const TEXTS = ['title', 'epname', 'singer', 'coverImgUrl'] as const;
/** Of a player that plays, that is paused, and of one that has nothing. Source: getBackgroundAudioPlayerState. */
const STATUS = { playing: 1, paused: 0, none: 2 };

/** The music that plays on while the program is in the background: one object, and the older functions for the same. */
export interface Background {
  readonly object: object;
  readonly sound: Sound;
  /** Resolves when it plays. @throws ApiFailure with what keeps it from playing */
  start(settings: { src: string; title: string; coverImgUrl?: string | undefined }): Promise<void>;
  /** @throws ApiFailure when there is no music */
  playing(): Sound;
  state(): Record<string, unknown>;
}

export function createBackground(wx: WxContext): Background {
  const sound = createSound(wx, BACKGROUND_PLAYER);
  const texts: Record<string, string> = { title: '', epname: '', singer: '', coverImgUrl: '' };
  const object: Record<string, unknown> = {};
  let has = false;
  sound.on('Play', () => (has = true));
  for (const event of ['Stop', 'Ended', 'Error'] as const) sound.on(event, () => (has = false));
  readable(object, sound, EVENTS);
  settable(object, sound, 'startTime', 'number', 0);
  settable(object, sound, 'playbackRate', 'number', 1, [0.5, 2]);
  for (const name of [...TEXTS, 'webUrl', 'protocol', 'referrerPolicy', 'audioType'])
    Object.defineProperty(object, name, {
      enumerable: true,
      get: () => texts[name] ?? (name === 'protocol' ? 'http' : ''),
      set: (value: unknown) => (texts[name] = String(value ?? '')),
    });
  const play = (src: string): void => {
    const { title = '', epname = '', singer = '', coverImgUrl = '' } = texts;
    sound.set({ src, title, epname, singer, coverImgUrl, autoplay: true });
  };
  const untitled = new ApiFailure('title is nil!');
  const refuse = (): void => {
    const told = { errCode: -1, errMsg: 'setBackgroundAudioState:fail title is nil!' };
    for (const listener of refused) wx.reporter.guard('audio onError', () => listener(told));
  };
  const refused = new Set<(told: object) => void>();
  Object.defineProperty(object, 'src', {
    enumerable: true,
    get: () => sound.settings.src ?? '',
    set(value: unknown) {
      // Setting it is what starts the music, and the system has to have something to show.
      if (!texts.title) refuse();
      else play(String(value ?? ''));
    },
  });
  Object.assign(object, {
    onError(listener: (told: object) => void) {
      sound.on('Error', listener);
      if (typeof listener === 'function') refused.add(listener);
    },
    offError(listener?: (told: object) => void) {
      sound.off('Error', listener);
      if (listener) refused.delete(listener);
      else refused.clear();
    },
    play: () => sound.play(),
    pause: () => sound.pause(),
    stop: () => sound.stop(),
    seek: (seconds: unknown) => sound.seek(seconds),
  });

  return {
    object,
    sound,
    start: ({ src, title, coverImgUrl = '' }) =>
      new Promise((resolve, reject) => {
        if (!title) throw untitled;
        const end = (run: () => void): void => {
          sound.off('Play', played);
          sound.off('Error', failed);
          run();
        };
        const played = (): void => end(resolve);
        const failed = (told: unknown): void => end(() => reject(new ApiFailure((told as { errMsg: string }).errMsg)));
        sound.on('Play', played);
        sound.on('Error', failed);
        Object.assign(texts, { title, coverImgUrl });
        if (src === sound.settings.src && has) sound.play();
        else play(src);
      }),
    playing() {
      if (!has) throw new ApiFailure('no background audio is playing');
      return sound;
    },
    state() {
      if (!has) return { status: STATUS.none };
      const { paused, duration, buffered } = sound.state;
      return {
        status: paused ? STATUS.paused : STATUS.playing,
        currentPosition: sound.currentTime,
        duration,
        downloadPercent: duration > 0 ? Math.round((buffered / duration) * 100) : 0,
        dataUrl: sound.settings.src,
      };
    },
  };
}
