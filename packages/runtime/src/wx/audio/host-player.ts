import { NativeFailure } from '../../native/failure.ts';
import type { InferFields } from '../schema.ts';
import type { audioContract, playerSettings } from './contract.ts';

export type PlayerSettings = InferFields<typeof playerSettings>;
type Told = InferFields<(typeof audioContract)['events']['AudioPlayer']>;
export type PlayerEvent = Omit<Told, 'audioId'>;

/** Codes of `onError`. Source: InnerAudioContext.onError of the API reference. */
const CODES = { system: 10001, network: 10002, file: 10003, format: 10004 };
/** A browser plays nothing before its user has touched the page; it is asked again after this time. Milliseconds. */
const ASK_AGAIN_MS = 300;

/** One sound, played by the browser. */
export interface Player {
  set(settings: PlayerSettings): void;
  play(): void;
  pause(): void;
  stop(): void;
  seek(seconds: number): void;
  close(): void;
}

/**
 * @param load gives the bytes of a sound; a NativeFailure of the network has an errno, one of files has none
 * @param tell hears what a program may hear, in the order in which the original tells it
 */
export function createPlayer(load: (src: string) => Promise<Blob>, tell: (event: PlayerEvent) => void): Player {
  const element = new Audio();
  let address = '';
  let settings: PlayerSettings = {};
  /** The program wants it to play; it does as soon as it can. */
  let wanted = false;
  let loaded = false;
  /** A move that the program did not ask for: to the start time, or back by stop. */
  let quietSeek = false;
  let stopped = false;
  let round = 0;
  let again: ReturnType<typeof setTimeout> | undefined;

  const say = (type: PlayerEvent['type'], more: Partial<PlayerEvent> = {}): void => {
    const { buffered, duration, currentTime, paused } = element;
    tell({
      type,
      duration: Number.isFinite(duration) ? duration : 0,
      currentTime,
      paused,
      buffered: buffered.length > 0 ? buffered.end(buffered.length - 1) : 0,
      ...more,
    });
  };
  const fail = (errCode: number, errMsg: string): void => {
    wanted = false;
    loaded = false;
    say('Error', { errCode, errMsg });
  };
  const moveQuietly = (seconds: number): void => {
    if (element.currentTime === seconds) return;
    quietSeek = true;
    element.currentTime = seconds;
  };

  element.addEventListener('canplay', () => {
    if (loaded) return;
    loaded = true;
    moveQuietly(settings.startTime ?? 0);
    say('Canplay');
    if (wanted) void start();
  });
  element.addEventListener('play', () => say('Play'));
  element.addEventListener('pause', () => {
    // A browser pauses at the end, and for stop, too.
    if (!element.ended && !stopped) say('Pause');
  });
  element.addEventListener('ended', () => {
    wanted = false;
    say('Ended');
  });
  element.addEventListener('timeupdate', () => !stopped && !element.seeking && say('TimeUpdate'));
  element.addEventListener('waiting', () => !quietSeek && say('Waiting'));
  element.addEventListener('seeking', () => !quietSeek && say('Seeking'));
  element.addEventListener('seeked', () => {
    if (!quietSeek) say('Seeked');
    quietSeek = false;
  });
  element.addEventListener('error', () => {
    if (!address) return;
    const lost = element.error?.code === MediaError.MEDIA_ERR_NETWORK;
    fail(lost ? CODES.network : CODES.format, lost ? 'the network failed' : 'the format is not supported');
  });

  async function start(): Promise<void> {
    clearTimeout(again);
    stopped = false;
    try {
      await element.play();
    } catch (error) {
      const { name } = error as DOMException;
      if (name === 'NotAllowedError' && wanted) again = setTimeout(() => wanted && void start(), ASK_AGAIN_MS);
    }
  }

  function drop(): void {
    round++;
    clearTimeout(again);
    loaded = false;
    quietSeek = false;
    if (!address) return;
    URL.revokeObjectURL(address);
    address = '';
    element.removeAttribute('src');
    element.load();
  }

  async function open(src: string): Promise<void> {
    drop();
    if (!src) return;
    const mine = round;
    stopped = false;
    try {
      const bytes = await load(src);
      if (mine !== round) return;
      address = URL.createObjectURL(bytes);
      element.src = address;
      // A new source has the browser's own rate.
      element.playbackRate = settings.playbackRate ?? 1;
    } catch (error) {
      if (mine !== round) return;
      const failure = error instanceof NativeFailure ? error : undefined;
      const far = /^https?:\/\/(?!tmp\/|usr\/)/i.test(src);
      fail(far ? CODES.network : failure ? CODES.file : CODES.system, failure?.message ?? 'the sound cannot be loaded');
    }
  }

  return {
    set(given) {
      const { src } = given;
      settings = { ...settings, ...given };
      if (given.loop !== undefined) element.loop = given.loop;
      if (given.volume !== undefined) element.volume = given.volume;
      if (given.playbackRate !== undefined) element.playbackRate = given.playbackRate;
      if (src !== undefined) {
        wanted = settings.autoplay === true;
        void open(src);
      } else if (given.autoplay && !wanted && element.paused && !stopped && element.currentTime === 0) {
        wanted = true;
        if (loaded) void start();
      }
    },
    play() {
      wanted = true;
      if (loaded) void start();
      // What could not be had is asked for once more.
      else if (!address && settings.src) void open(settings.src);
    },
    pause() {
      wanted = false;
      element.pause();
    },
    stop() {
      wanted = false;
      if (!settings.src) return;
      stopped = true;
      element.pause();
      if (loaded) moveQuietly(settings.startTime ?? 0);
      say('Stop');
    },
    seek(seconds) {
      if (!loaded) return;
      quietSeek = false;
      element.currentTime = Math.max(0, seconds);
    },
    close() {
      wanted = false;
      stopped = true;
      element.pause();
      drop();
    },
  };
}
