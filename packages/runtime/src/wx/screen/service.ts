import { eventPair, forwarded, service } from '../../service/wx/define.ts';
import { screenContract as screen } from './contract.ts';

export const screenService = service({
  setScreenBrightness: forwarded(screen, 'setScreenBrightness'),
  getScreenBrightness: forwarded(screen, 'getScreenBrightness'),
  setKeepScreenOn: forwarded(screen, 'setKeepScreenOn'),
  setVisualEffectOnCapture: forwarded(screen, 'setVisualEffectOnCapture', { visualEffect: 'none' }),
  getScreenRecordingState: forwarded(screen, 'getScreenRecordingState'),
  getLocalIPAddress: forwarded(screen, 'getLocalIPAddress'),
  checkIsOpenAccessibility: forwarded(screen, 'checkIsOpenAccessibility'),
  openSystemBluetoothSetting: forwarded(screen, 'openSystemBluetoothSetting'),
  openAppAuthorizeSetting: forwarded(screen, 'openAppAuthorizeSetting'),
  getDeviceBenchmarkInfo: forwarded(screen, 'getDeviceBenchmarkInfo'),
  ...eventPair('UserCaptureScreen'),
  ...eventPair('ScreenRecordingStateChanged'),
  ...eventPair('MemoryWarning'),
  ...eventPair('WindowStateChange'),
  ...eventPair('NetworkWeakChange'),
});
