import { contract } from '../contract.ts';
import { bytes, flag, number, oneOf, optional, text } from '../schema.ts';

export const recorderContract = contract({
  calls: {
    /**
     * Records from the microphone; where the machine has none, a tone is recorded (simulated), so that a program can be
     * tried all the same. The bytes are PCM: `wav` has its header, `PCM` has none; `mp3` and `aac` are simulated, their
     * files hold what `wav` holds, since a browser has no encoder for them.
     */
    startRecorder: {
      params: {
        /** Milliseconds after which it ends by itself. */
        duration: number({ min: 1, max: 600_000 }),
        sampleRate: number({ min: 8000, max: 48_000 }),
        numberOfChannels: oneOf(1, 2),
        format: oneOf('aac', 'mp3', 'wav', 'PCM'),
        /** KB of a piece that is told while it records. */
        frameSize: optional(number({ min: 0.1, max: 1024 })),
      },
    },
    pauseRecorder: {},
    resumeRecorder: {},
    stopRecorder: {},
  },
  events: {
    Recorder: {
      type: oneOf('Start', 'Pause', 'Resume', 'Stop', 'FrameRecorded'),
      tempFilePath: optional(text()),
      /** Milliseconds. */
      duration: optional(number()),
      /** Bytes. */
      fileSize: optional(number()),
      frameBuffer: optional(bytes()),
      isLastFrame: optional(flag()),
      errMsg: optional(text()),
    },
  },
});
