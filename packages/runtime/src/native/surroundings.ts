/** Where the phone gets its position from; `none`: it has no signal. */
export type PositionSource = 'simulated' | 'browser' | 'none';

/** A position in GCJ-02, as maps in China show it. Degrees; altitude and accuracy in metres, speed in metres a second. */
export interface Position {
  source: PositionSource;
  latitude: number;
  longitude: number;
  altitude: number;
  accuracy: number;
  speed: number;
}

/** Values along the phone's axes. */
export interface Axes {
  x: number;
  y: number;
  z: number;
}

/** What a phone senses and in what state it is. All of it is simulated: a developer sets it, or a test. */
export interface SurroundingsState {
  position: Position;
  /** Level in percent. */
  battery: { level: number; isCharging: boolean; isLowPowerModeEnabled: boolean };
  /** In g; a phone that lies on a table has z = -1. */
  acceleration: Axes;
  /** Degrees clockwise from the north. */
  direction: number;
  /** Radians a second. */
  rotation: Axes;
  /** Radians, as `wx.onDeviceMotionChange` tells them. */
  orientation: { alpha: number; beta: number; gamma: number };
  weakNetwork: boolean;
  screenRecording: boolean;
}

export type SurroundingsChange = { [K in keyof SurroundingsState]?: Partial<SurroundingsState[K]> };
type Listener = (state: SurroundingsState, before: SurroundingsState) => void;

export interface Surroundings {
  readonly state: SurroundingsState;
  /** Sets some of the values; the others stay. */
  change(part: SurroundingsChange): void;
  /** Runs after each change; returns the way to stop. */
  watch(listener: Listener): () => void;
}

/** In front of Tencent's Binhai Tower in Shenzhen, the phone upright in the hand. */
const AT_FIRST: SurroundingsState = {
  position: {
    source: 'simulated',
    latitude: 22.522807,
    longitude: 113.935338,
    altitude: 12,
    accuracy: 65,
    speed: 0,
  },
  battery: { level: 100, isCharging: true, isLowPowerModeEnabled: false },
  acceleration: { x: 0, y: 0, z: -1 },
  direction: 0,
  rotation: { x: 0, y: 0, z: 0 },
  orientation: { alpha: 0, beta: 0, gamma: 0 },
  weakNetwork: false,
  screenRecording: false,
};

export function createSurroundings(): Surroundings {
  let state = AT_FIRST;
  const listeners = new Set<Listener>();
  return {
    get state() {
      return state;
    },
    change(part) {
      const before = state;
      const merged = Object.entries(part).map(([name, value]) => {
        const old = state[name as keyof SurroundingsState];
        return [name, typeof old === 'object' && typeof value === 'object' ? { ...old, ...value } : value];
      });
      state = { ...state, ...Object.fromEntries(merged) };
      for (const listener of listeners) listener(state, before);
    },
    watch(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
