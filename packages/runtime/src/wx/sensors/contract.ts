import { contract } from '../contract.ts';
import { either, number, oneOf, optional, text } from '../schema.ts';

/** How often a sensor is read. Without it a sensor that runs keeps its own. */
const paced = { params: { interval: optional(oneOf('game', 'ui', 'normal')) } };
const axes = { x: number(), y: number(), z: number() };

/** Sensors of movement: simulated, their values are set in the surroundings of the phone. */
export const sensorsContract = contract({
  calls: {
    startAccelerometer: paced,
    stopAccelerometer: {},
    startCompass: {},
    stopCompass: {},
    startGyroscope: paced,
    stopGyroscope: {},
    startDeviceMotionListening: paced,
    stopDeviceMotionListening: {},
  },
  events: {
    AccelerometerChange: axes,
    /** Degrees clockwise from the north; the accuracy as Android says it. */
    CompassChange: { direction: number(), accuracy: either(number(), text()) },
    /** Radians a second. */
    GyroscopeChange: axes,
    DeviceMotionChange: { alpha: number(), beta: number(), gamma: number() },
  },
});
