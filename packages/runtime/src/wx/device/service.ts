import { ApiFailure } from '../../service/wx/api.ts';
import { asyncFunction, eventPair, forwarded, service } from '../../service/wx/define.ts';
import { optional, text } from '../schema.ts';
import { deviceContract as device } from './contract.ts';

const STRENGTHS = ['heavy', 'medium', 'light'];

/** Clipboard, connection, vibration, telephone, keyboard. */
export const deviceService = service({
  setClipboardData: forwarded(device, 'setClipboardData'),
  getClipboardData: forwarded(device, 'getClipboardData'),
  getNetworkType: forwarded(device, 'getNetworkType'),
  ...eventPair('NetworkStatusChange'),
  vibrateShort: asyncFunction({ type: optional(text()) }, ({ invoke }, { type }) => {
    if (type && !STRENGTHS.includes(type)) throw new ApiFailure('invalid type');
    return invoke('vibrate', { long: false });
  }),
  vibrateLong: asyncFunction({}, ({ invoke }) => invoke('vibrate', { long: true })),
  makePhoneCall: forwarded(device, 'makePhoneCall'),
  hideKeyboard: forwarded(device, 'hideKeyboard'),
  ...eventPair('KeyboardHeightChange'),
});
