import { words } from '../../native/dom.ts';
import { NativeFailure } from '../../native/failure.ts';
import type { HostHalf } from '../../native/host-half.ts';
import type { Phone } from '../../native/phone.ts';
import type { CallParams } from '../contracts.ts';
import type { recorderContract } from './contract.ts';
import { toPcm, wavHead } from './host-pcm.ts';

/** Samples that come at once. */
const BLOCK = 2048;
/** Of the simulated source. */
const TONE_HZ = 440;

interface Recording {
  state: 'recording' | 'paused';
  end(): Promise<void>;
}

export function createRecorderHost(phone: Phone): HostHalf<typeof recorderContract> {
  let recording: Recording | undefined;
  let starting = false;
  phone.onClose(() => void recording?.end().catch(() => {}));

  /** The sound of the microphone, or a tone where there is none. */
  async function sourceOf(context: AudioContext): Promise<{ node: AudioNode; close(): void }> {
    const stream = await navigator.mediaDevices?.getUserMedia({ audio: true }).catch((error: DOMException) => {
      if (error.name === 'NotAllowedError') throw new NativeFailure('auth deny', { errno: 103 });
      return undefined;
    });
    if (stream) {
      const close = (): void => stream.getTracks().forEach((track) => track.stop());
      return { node: context.createMediaStreamSource(stream), close };
    }
    phone.screen.notice(words(phone.language, { zh: '没有麦克风，录入测试音', en: 'No microphone: a test tone' }));
    const tone = context.createOscillator();
    tone.frequency.value = TONE_HZ;
    tone.start();
    return { node: tone, close: () => tone.stop() };
  }

  async function start(options: CallParams<'startRecorder'>): Promise<Recording> {
    const { sampleRate, numberOfChannels, format, frameSize, duration } = options;
    const context = new AudioContext({ sampleRate });
    const source = await sourceOf(context).catch((error: unknown) => {
      void context.close();
      throw error;
    });
    const pieces: ArrayBuffer[] = [];
    let size = 0;
    let told = 0;
    const bytesOf = (milliseconds: number): number =>
      Math.floor((milliseconds * sampleRate) / 1000) * numberOfChannels * 2;
    /** Pieces of a whole frame, or at the end what is left. */
    const tellFrames = async (last: boolean): Promise<void> => {
      if (frameSize === undefined) return;
      const frame = Math.round(frameSize * 1024);
      while (size - told >= frame || last) {
        const end = Math.min(size, told + frame);
        const frameBuffer = await new Blob(pieces).slice(told, end).arrayBuffer();
        const isLastFrame = last && end === size;
        told = end;
        phone.emit('Recorder', { type: 'FrameRecorded', frameBuffer, isLastFrame });
        if (isLastFrame) return;
      }
    };
    // An AudioWorklet would need a module with an address of its own; this one is enough for a voice.
    const tap = context.createScriptProcessor(BLOCK, numberOfChannels, numberOfChannels);
    /** Frames are told in their order. */
    let telling: Promise<void> = Promise.resolve();
    tap.onaudioprocess = ({ inputBuffer }) => {
      if (made.state !== 'recording') return;
      const channels = Array.from({ length: inputBuffer.numberOfChannels }, (_, at) => inputBuffer.getChannelData(at));
      const bytes = toPcm(channels).buffer.slice(0, bytesOf(duration) - size);
      pieces.push(bytes);
      size += bytes.byteLength;
      telling = telling.then(() => tellFrames(false));
      if (size >= bytesOf(duration)) void made.end();
    };
    source.node.connect(tap);
    tap.connect(context.destination);
    await context.resume();

    const made: Recording = {
      state: 'recording',
      async end() {
        if (recording !== made) return;
        recording = undefined;
        tap.onaudioprocess = null;
        source.close();
        void context.close();
        await telling.then(() => tellFrames(true));
        const head = format === 'PCM' ? [] : [wavHead(size, sampleRate, numberOfChannels)];
        const file = new Blob([...head, ...pieces], {
          type: format === 'PCM' ? 'application/octet-stream' : 'audio/wav',
        });
        const tempFilePath = await phone.relay.keepFile(file, `record.${format.toLowerCase()}`);
        const length = Math.round((size / (sampleRate * numberOfChannels * 2)) * 1000);
        phone.emit('Recorder', { type: 'Stop', tempFilePath, duration: length, fileSize: file.size });
      },
    };
    return made;
  }

  return {
    async startRecorder(options) {
      if (recording || starting) throw new NativeFailure("audio is recording, don't start record again");
      starting = true;
      try {
        await phone.permissions.ask('scope.record');
        recording = await start(options);
      } finally {
        starting = false;
      }
      phone.emit('Recorder', { type: 'Start' });
    },
    pauseRecorder() {
      if (recording?.state !== 'recording') throw new NativeFailure('recorder not recording');
      recording.state = 'paused';
      phone.emit('Recorder', { type: 'Pause' });
    },
    resumeRecorder() {
      if (recording?.state !== 'paused') throw new NativeFailure('recorder not paused');
      recording.state = 'recording';
      phone.emit('Recorder', { type: 'Resume' });
    },
    async stopRecorder() {
      if (!recording) throw new NativeFailure('recorder not start');
      await recording.end();
    },
  };
}
