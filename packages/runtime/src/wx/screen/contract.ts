import { contract } from '../contract.ts';
import { flag, number, oneOf, text } from '../schema.ts';

/** The screen and what else a program asks of the machine. Where a browser has nothing to ask, it is simulated. */
export const screenContract = contract({
  calls: {
    /** Simulated: the phone is drawn darker. -1 follows the system. */
    setScreenBrightness: { params: { value: number({ min: -1, max: 1 }) } },
    getScreenBrightness: { result: { value: number() } },
    setKeepScreenOn: { params: { keepScreenOn: flag() } },
    /** Simulated: with `hidden` the screen is black while it is recorded. */
    setVisualEffectOnCapture: { params: { visualEffect: text() } },
    getScreenRecordingState: { result: { state: oneOf('on', 'off') } },
    /** Simulated: a phone at home. */
    getLocalIPAddress: { result: { localip: text(), netmask: text() } },
    /** Simulated: no screen reader is on. */
    checkIsOpenAccessibility: { result: { open: flag() } },
    /** Simulated: a sheet says what would open. */
    openSystemBluetoothSetting: {},
    /** Simulated as above. */
    openAppAuthorizeSetting: {},
    /** Simulated: a phone of the middle. */
    getDeviceBenchmarkInfo: { result: { benchmarkLevel: number(), modelLevel: number() } },
  },
  events: {
    UserCaptureScreen: {},
    ScreenRecordingStateChanged: { state: oneOf('start', 'stop') },
    MemoryWarning: { level: oneOf(5, 10, 15) },
    WindowStateChange: { state: oneOf('minimize', 'normalize', 'maximize') },
    NetworkWeakChange: { networkType: text(), weakNet: flag() },
  },
});
