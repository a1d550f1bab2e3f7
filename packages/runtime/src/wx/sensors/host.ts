import type { HostHalf } from '../../native/host-half.ts';
import type { Phone } from '../../native/phone.ts';
import type { sensorsContract } from './contract.ts';

/** Milliseconds. Source: the option `interval` in the API reference. */
const INTERVALS = { game: 20, ui: 60, normal: 200 };
type Interval = keyof typeof INTERVALS;

interface Sensor {
  start(interval?: Interval): void;
  stop(): void;
}

export function createSensorsHost({ surroundings, emit, onClose }: Phone): HostHalf<typeof sensorsContract> {
  const create = (tell: () => void): Sensor => {
    const sensor = createSensor(tell);
    onClose(sensor.stop);
    return sensor;
  };
  const { accelerometer, compass, gyroscope, motion } = {
    accelerometer: create(() => emit('AccelerometerChange', surroundings.state.acceleration)),
    compass: create(() => emit('CompassChange', { direction: surroundings.state.direction, accuracy: 'high' })),
    gyroscope: create(() => emit('GyroscopeChange', surroundings.state.rotation)),
    motion: create(() => emit('DeviceMotionChange', surroundings.state.orientation)),
  };
  return {
    startAccelerometer: ({ interval }) => accelerometer.start(interval),
    stopAccelerometer: () => accelerometer.stop(),
    startCompass: () => compass.start(),
    stopCompass: () => compass.stop(),
    startGyroscope: ({ interval }) => gyroscope.start(interval),
    stopGyroscope: () => gyroscope.stop(),
    startDeviceMotionListening: ({ interval }) => motion.start(interval),
    stopDeviceMotionListening: () => motion.stop(),
  };
}

function createSensor(tell: () => void): Sensor {
  let timer: ReturnType<typeof setInterval> | undefined;
  const sensor: Sensor = {
    start(interval) {
      if (timer !== undefined && interval === undefined) return;
      sensor.stop();
      timer = setInterval(tell, INTERVALS[interval ?? 'normal']);
    },
    stop() {
      clearInterval(timer);
      timer = undefined;
    },
  };
  return sensor;
}
