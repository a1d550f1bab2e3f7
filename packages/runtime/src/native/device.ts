import { NativeFailure, type NativeHandlers } from './dispatch.ts';

type DeviceHandlers = Pick<
  NativeHandlers,
  'setClipboardData' | 'getClipboardData' | 'getNetworkType' | 'vibrate' | 'makePhoneCall' | 'hideKeyboard'
>;

export function createDeviceHandlers(shell: { copied(): void; notice(text: string): void }): DeviceHandlers {
  // The phone has a clipboard of its own, so that a page cannot read what the developer copied elsewhere.
  let clipboard = '';
  return {
    setClipboardData({ data }) {
      clipboard = data;
      // Offered to the real one, too; a browser may refuse.
      void navigator.clipboard?.writeText(data).catch(() => {});
      shell.copied();
      return {};
    },
    getClipboardData: () => ({ data: clipboard }),
    getNetworkType: () => ({
      networkType: navigator.onLine ? 'wifi' : 'none',
      signalStrength: 100,
      hasSystemProxy: false,
    }),
    vibrate({ long }) {
      navigator.vibrate?.(long ? 400 : 15);
      return {};
    },
    makePhoneCall({ phoneNumber }) {
      shell.notice(`📞 ${phoneNumber}`);
      return {};
    },
    hideKeyboard() {
      // A page's inputs are in its frame, which the host sees as one focused element.
      const focused = document.activeElement;
      if (!(focused instanceof HTMLIFrameElement)) throw new NativeFailure('input not exists!');
      focused.blur();
      return {};
    },
  };
}
