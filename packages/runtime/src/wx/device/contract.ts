import { contract } from '../contract.ts';
import { flag, number, text } from '../schema.ts';

/** Clipboard, connection, vibration, telephone, keyboard. */
export const deviceContract = contract({
  calls: {
    setClipboardData: { params: { data: text() } },
    getClipboardData: { result: { data: text() } },
    getNetworkType: { result: { networkType: text(), signalStrength: number(), hasSystemProxy: flag() } },
    vibrate: { params: { long: flag() } },
    makePhoneCall: { params: { phoneNumber: text() }, view: true },
    /** Takes the focus away from the page, which closes its keyboard. */
    hideKeyboard: {},
  },
  events: {
    NetworkStatusChange: { isConnected: flag(), networkType: text() },
    /** CSS pixels. */
    KeyboardHeightChange: { height: number() },
  },
});
