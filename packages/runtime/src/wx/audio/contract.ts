import { contract } from '../contract.ts';
import { flag, number, object, oneOf, optional, text } from '../schema.ts';

/** The players that are always there; those of createInnerAudioContext follow. */
export const BACKGROUND_PLAYER = 0;
export const VOICE_PLAYER = 1;

/** What a player is told before it plays and while it does. */
export const playerSettings = {
  src: optional(text()),
  /** Seconds. */
  startTime: optional(number({ min: 0 })),
  autoplay: optional(flag()),
  loop: optional(flag()),
  volume: optional(number({ min: 0, max: 1 })),
  playbackRate: optional(number({ min: 0.5, max: 2 })),
  /** What the system shows of the music that plays in the background. */
  title: optional(text()),
  epname: optional(text()),
  singer: optional(text()),
  coverImgUrl: optional(text()),
};

/** Sounds that a program plays: the host has a player for each of its audio contexts. */
export const audioContract = contract({
  calls: {
    setAudio: { params: { audioId: number({ min: 0, whole: true }), settings: object(playerSettings) } },
    playAudio: { params: { audioId: number({ min: 0, whole: true }) } },
    pauseAudio: { params: { audioId: number({ min: 0, whole: true }) } },
    stopAudio: { params: { audioId: number({ min: 0, whole: true }) } },
    seekAudio: { params: { audioId: number({ min: 0, whole: true }), seconds: number() } },
    closeAudio: { params: { audioId: number({ min: 0, whole: true }) } },
  },
  events: {
    /** A player has got on. All times in seconds. */
    AudioPlayer: {
      audioId: number(),
      type: oneOf(
        ...(['Canplay', 'Play', 'Pause', 'Stop', 'Ended', 'TimeUpdate', 'Waiting', 'Seeking', 'Seeked'] as const),
        ...(['Error', 'Next', 'Prev'] as const),
      ),
      duration: number(),
      currentTime: number(),
      paused: flag(),
      buffered: number(),
      errCode: optional(number()),
      errMsg: optional(text()),
    },
    /** Another app of the phone takes the sound (a call, an alarm). Simulated: the phone's handle says when. */
    AudioInterruptionBegin: {},
    AudioInterruptionEnd: {},
  },
});
