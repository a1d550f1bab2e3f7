import { ApiFailure, createApiHelper } from './api.ts';
import type { WxDomain } from './context.ts';

/** Clipboard, network state, vibration, telephone, keyboard, permissions. */
export const deviceDomain: WxDomain = (context, events) => {
  const api = createApiHelper(context.reporter);
  const { invoker } = context;
  return {
    setClipboardData: api.async('setClipboardData', { data: 'String' }, (o: { data: string }) =>
      invoker.invoke('setClipboardData', { data: o.data }),
    ),
    getClipboardData: api.async('getClipboardData', {}, () => invoker.invoke('getClipboardData', {})),
    getNetworkType: api.async('getNetworkType', {}, () => invoker.invoke('getNetworkType', {})),
    ...events.pair('NetworkStatusChange'),
    vibrateShort: api.async('vibrateShort', { 'type?': 'String' }, (o: { type?: string }) => {
      if (o.type !== undefined && !['heavy', 'medium', 'light'].includes(o.type)) throw new ApiFailure('invalid type');
      return invoker.invoke('vibrate', { long: false });
    }),
    vibrateLong: api.async('vibrateLong', {}, () => invoker.invoke('vibrate', { long: true })),
    makePhoneCall: api.async('makePhoneCall', { phoneNumber: 'String' }, (o: { phoneNumber: string }) =>
      invoker.invoke('makePhoneCall', { phoneNumber: o.phoneNumber }),
    ),
    hideKeyboard: api.async('hideKeyboard', {}, () => invoker.invoke('hideKeyboard', {})),
    ...events.pair('KeyboardHeightChange'),
    getSetting: api.async('getSetting', {}, () => invoker.invoke('getSetting', {})),
    authorize: api.async('authorize', { scope: 'String' }, (o: { scope: string }) =>
      invoker.invoke('authorize', { scope: o.scope }),
    ),
    openSetting: api.async('openSetting', {}, () => invoker.invoke('openSetting', {})),
  };
};
