import type { WxContext } from '../../service/wx/context.ts';
import { type Definition, eventPair, forwarded, service, value } from '../../service/wx/define.ts';
import { sensorsContract as sensors } from './contract.ts';

/** Listening starts the sensor, as the reference says of these two. */
const starting = (event: string, start: 'startAccelerometer' | 'startCompass'): Definition<WxContext> =>
  value(({ events, invoke, reporter }) => (listener?: (data: unknown) => void) => {
    if (!listener) return;
    events.on(event, listener);
    void invoke(start, {}).catch((error: unknown) => reporter.console.warn(`wx.on${event}: ${String(error)}`));
  });

export const sensorsService = service({
  startAccelerometer: forwarded(sensors, 'startAccelerometer', { interval: 'normal' }),
  stopAccelerometer: forwarded(sensors, 'stopAccelerometer'),
  ...eventPair('AccelerometerChange'),
  onAccelerometerChange: starting('AccelerometerChange', 'startAccelerometer'),
  startCompass: forwarded(sensors, 'startCompass'),
  stopCompass: forwarded(sensors, 'stopCompass'),
  ...eventPair('CompassChange'),
  onCompassChange: starting('CompassChange', 'startCompass'),
  startGyroscope: forwarded(sensors, 'startGyroscope', { interval: 'normal' }),
  stopGyroscope: forwarded(sensors, 'stopGyroscope'),
  ...eventPair('GyroscopeChange'),
  startDeviceMotionListening: forwarded(sensors, 'startDeviceMotionListening', { interval: 'normal' }),
  stopDeviceMotionListening: forwarded(sensors, 'stopDeviceMotionListening'),
  ...eventPair('DeviceMotionChange'),
});
