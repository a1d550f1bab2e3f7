import type { NativeHandlers } from './dispatch.ts';

type DeviceHandlers = Pick<
  NativeHandlers,
  'setClipboardData' | 'getClipboardData' | 'getNetworkType' | 'vibrate' | 'makePhoneCall'
>;

export function createDeviceHandlers(shell: { notice(text: string): void }): DeviceHandlers {
  // The phone has a clipboard of its own, so that a page cannot read what the developer copied elsewhere.
  let clipboard = '';
  return {
    setClipboardData({ data }) {
      clipboard = data;
      // Offered to the real one, too; a browser may refuse.
      void navigator.clipboard?.writeText(data).catch(() => {});
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
  };
}
