import { ApiFailure } from '../../service/wx/api.ts';
import type { WxContext } from '../../service/wx/context.ts';
import { asyncFunction, serviceWith, value } from '../../service/wx/define.ts';
import type { CallParams, HostEvents } from '../contracts.ts';

type Told = HostEvents['Recorder'];
type Options = CallParams<'startRecorder'>;
type Listener = (data: unknown) => void;

const EVENTS = ['Start', 'Pause', 'Resume', 'Stop', 'FrameRecorded', 'Error', 'InterruptionBegin', 'InterruptionEnd'];
const DEFAULTS = { duration: 60_000, sampleRate: 8000, numberOfChannels: 2, format: 'aac' } as const;
const FORMATS: readonly unknown[] = ['aac', 'mp3', 'wav', 'PCM'];
const RATES: readonly unknown[] = [8000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000];

/** @throws ApiFailure for what the reference does not name */
function checked(given: Record<string, unknown>): Options {
  const options = { ...DEFAULTS, ...given };
  const { duration, sampleRate, numberOfChannels, format, frameSize } = options as Record<string, unknown>;
  if (typeof duration !== 'number' || duration <= 0 || duration > 600_000)
    throw new ApiFailure('duration should be within 600000');
  if (!RATES.includes(sampleRate)) throw new ApiFailure(`invalid sampleRate "${String(sampleRate)}"`);
  if (numberOfChannels !== 1 && numberOfChannels !== 2)
    throw new ApiFailure(`invalid numberOfChannels "${String(numberOfChannels)}"`);
  if (!FORMATS.includes(format)) throw new ApiFailure(`invalid format "${String(format)}"`);
  if (frameSize !== undefined && (typeof frameSize !== 'number' || !(frameSize > 0)))
    throw new ApiFailure(`invalid frameSize "${String(frameSize)}"`);
  // Pieces come of these two only.
  const pieces = typeof frameSize === 'number' && (format === 'mp3' || format === 'PCM');
  return {
    ...{ duration, sampleRate: sampleRate as number, numberOfChannels, format: format as Options['format'] },
    ...(pieces && { frameSize }),
  };
}

function createRecorder({ invoke, events, reporter }: WxContext) {
  const listeners = new Map<string, Listener>();
  const tell = (event: string, data: unknown): void => {
    const listener = listeners.get(event);
    if (listener) reporter.guard(`RecorderManager.on${event}`, () => listener(data));
  };
  /** Waits for the end of what startRecord began. */
  let older: ((path: string) => void) | undefined;
  events.watch('Recorder', (data) => {
    const { type, ...told } = data as Told;
    const end = older;
    if (type === 'Stop' && end) {
      older = undefined;
      end(told.tempFilePath ?? '');
    }
    tell(type, type === 'Stop' || type === 'FrameRecorded' ? told : undefined);
  });
  // There is one microphone: whoever takes the sound takes it, too.
  events.watch('AudioInterruptionBegin', () => {
    void invoke('pauseRecorder', {}).then(
      () => tell('InterruptionBegin', undefined),
      () => {},
    );
  });
  events.watch('AudioInterruptionEnd', () => tell('InterruptionEnd', undefined));

  const told = (work: Promise<unknown>): void =>
    void work.catch((error: Error) => tell('Error', { errMsg: `operateRecorder:fail ${error.message}` }));
  const manager: Record<string, unknown> = {
    start: (given?: Record<string, unknown>) => told((async () => invoke('startRecorder', checked(given ?? {})))()),
    pause: () => told(invoke('pauseRecorder', {})),
    resume: () => told(invoke('resumeRecorder', {})),
    stop: () => told(invoke('stopRecorder', {})),
  };
  // As in the original a later listener takes the place of the one before.
  for (const event of EVENTS)
    manager[`on${event}`] = (listener: unknown) =>
      void (typeof listener === 'function' && listeners.set(event, listener as Listener));
  return {
    manager,
    /** Resolves with the file when it ends. */
    record: () =>
      new Promise<{ tempFilePath: string }>((resolve, reject) => {
        const ended = (tempFilePath: string): void => resolve({ tempFilePath });
        invoke('startRecorder', { ...DEFAULTS }).then(() => (older = ended), reject);
      }),
    stop: () => invoke('stopRecorder', {}),
  };
}

/** Records sound: the manager, and the two older functions. */
export const recorderService = serviceWith(createRecorder, {
  getRecorderManager: value(
    ({ manager }) =>
      () =>
        manager,
  ),
  startRecord: asyncFunction({}, ({ record }) => record()),
  stopRecord: asyncFunction({}, ({ stop }) => stop()),
});
