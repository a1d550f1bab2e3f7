import { words } from '../../native/dom.ts';
import { NativeFailure } from '../../native/failure.ts';
import type { HostHalf } from '../../native/host-half.ts';
import type { Phone } from '../../native/phone.ts';
import type { deviceContract } from './contract.ts';

export function createDeviceHost({ screen, language }: Phone): HostHalf<typeof deviceContract> {
  // The phone has a clipboard of its own, so that a page cannot read what the developer copied elsewhere.
  let clipboard = '';
  return {
    setClipboardData({ data }) {
      clipboard = data;
      // Offered to the real one, too; a browser may refuse.
      void navigator.clipboard?.writeText(data).catch(() => {});
      screen.notice(words(language, { zh: '内容已复制', en: 'Copied' }));
    },
    getClipboardData: () => ({ data: clipboard }),
    getNetworkType: () => ({
      networkType: navigator.onLine ? 'wifi' : 'none',
      signalStrength: 100,
      hasSystemProxy: false,
    }),
    vibrate({ long }) {
      navigator.vibrate?.(long ? 400 : 15);
    },
    makePhoneCall: ({ phoneNumber }) => screen.notice(`📞 ${phoneNumber}`),
    hideKeyboard() {
      // A page's inputs are in its frame, which the host sees as one focused element.
      const focused = document.activeElement;
      if (!(focused instanceof HTMLIFrameElement)) throw new NativeFailure('input not exists!');
      focused.blur();
    },
  };
}
