import type { WxContext } from '../../service/wx/context.ts';
import type { HostEvents } from '../contracts.ts';

export type SoundTold = HostEvents['AudioPlayer'];
export type SoundEvent = SoundTold['type'];
type Listener = (data: unknown) => void;

/** One player of the host, as the logic layer knows it. */
export interface Sound {
  /** What the program has set. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly state: Readonly<Pick<SoundTold, 'duration' | 'paused' | 'buffered'>>;
  /** Seconds; goes on between two messages of the host. */
  readonly currentTime: number;
  set(settings: Record<string, unknown>): void;
  play(): void;
  pause(): void;
  stop(): void;
  seek(seconds: unknown): void;
  close(): void;
  on(event: SoundEvent, listener: unknown): void;
  off(event: SoundEvent, listener?: unknown): void;
}

export function createSound({ invoke, events, reporter }: WxContext, audioId: number): Sound {
  const listeners = new Map<SoundEvent, Set<Listener>>();
  const settings: Record<string, unknown> = {};
  let last: SoundTold = { audioId, type: 'Stop', duration: 0, currentTime: 0, paused: true, buffered: 0 };
  let lastAt = performance.now();
  let closed = false;

  function emit(event: SoundEvent, data: unknown): void {
    for (const listener of [...(listeners.get(event) ?? [])]) reporter.guard(`audio on${event}`, () => listener(data));
  }
  function hear(data: unknown): void {
    const told = data as SoundTold;
    if (told.audioId !== audioId || closed) return;
    if (told.type !== 'Next' && told.type !== 'Prev') {
      last = told;
      lastAt = performance.now();
    }
    const { errCode, errMsg } = told;
    emit(told.type, told.type === 'Error' ? { errCode, errMsg } : undefined);
  }
  events.watch('AudioPlayer', hear);
  /** A host that refuses says so as the player's own error. */
  const sent = (work: Promise<unknown>): void =>
    void work.catch((error: Error) => emit('Error', { errCode: 10001, errMsg: error.message }));
  const send = (call: 'playAudio' | 'pauseAudio' | 'stopAudio'): void => {
    if (!closed) sent(invoke(call, { audioId }));
  };

  return {
    settings,
    get state() {
      return last;
    },
    get currentTime() {
      if (last.paused) return last.currentTime;
      const passed = ((performance.now() - lastAt) / 1000) * Number(settings.playbackRate ?? 1);
      return Math.min(last.currentTime + passed, last.duration || Number.POSITIVE_INFINITY);
    },
    set(given) {
      Object.assign(settings, given);
      if (given.src !== undefined) last = { ...last, duration: 0, currentTime: 0, paused: true, buffered: 0 };
      if (!closed) sent(invoke('setAudio', { audioId, settings: given as never }));
    },
    play: () => send('playAudio'),
    pause: () => send('pauseAudio'),
    stop: () => send('stopAudio'),
    seek(seconds) {
      const to = Number(seconds);
      if (!closed && Number.isFinite(to)) sent(invoke('seekAudio', { audioId, seconds: to }));
    },
    close() {
      if (closed) return;
      closed = true;
      events.unwatch('AudioPlayer', hear);
      listeners.clear();
      last = { ...last, paused: true };
      sent(invoke('closeAudio', { audioId }));
    },
    on(event, listener) {
      if (typeof listener !== 'function') return;
      const known = listeners.get(event) ?? new Set();
      listeners.set(event, known.add(listener as Listener));
    },
    off(event, listener) {
      if (listener === undefined) listeners.delete(event);
      else listeners.get(event)?.delete(listener as Listener);
    },
  };
}

type Setting = 'text' | 'number' | 'flag';

/** Properties of an audio object that a program writes: each is made what it should be, and told to the host. */
export function settable(
  object: object,
  sound: Sound,
  name: string,
  kind: Setting,
  initial: unknown,
  limits: readonly [min: number, max: number] = [0, Number.POSITIVE_INFINITY],
): void {
  const made = {
    text: (value: unknown) => String(value ?? ''),
    number: (value: unknown) => Math.min(limits[1], Math.max(limits[0], Number(value) || 0)),
    flag: (value: unknown) => value === true || value === 'true' || value === 1,
  }[kind];
  Object.defineProperty(object, name, {
    enumerable: true,
    get: () => sound.settings[name] ?? initial,
    set: (value: unknown) => sound.set({ [name]: made(value) }),
  });
}

/** Properties of an audio object that a program reads, and its pairs of listeners. */
export function readable(object: object, sound: Sound, events: readonly SoundEvent[]): void {
  const read = { duration: () => sound.state.duration, currentTime: () => sound.currentTime };
  const more = { paused: () => sound.state.paused, buffered: () => sound.state.buffered };
  for (const [name, get] of Object.entries({ ...read, ...more }))
    Object.defineProperty(object, name, { enumerable: true, get, set: () => {} });
  for (const event of events)
    Object.assign(object, {
      [`on${event}`]: (listener: unknown) => sound.on(event, listener),
      [`off${event}`]: (listener?: unknown) => sound.off(event, listener),
    });
}
