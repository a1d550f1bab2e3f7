import { h, sheet, words } from '../../native/dom.ts';
import { NativeFailure } from '../../native/failure.ts';
import type { HostHalf } from '../../native/host-half.ts';
import type { Phone } from '../../native/phone.ts';
import type { screenContract } from './contract.ts';

/** How bright the phone is as long as no program says otherwise. */
const SYSTEM_BRIGHTNESS = 1;
/** What is still seen of a screen that is turned down whole. */
const LEAST_LIGHT = 0.3;

export function createScreenHost(phone: Phone): HostHalf<typeof screenContract> {
  const { screen, surroundings, onClose } = phone;
  let brightness = SYSTEM_BRIGHTNESS;
  const lock = createLock();
  onClose(() => lock.hold(false));
  const capture = createCaptureEffect(phone);
  return {
    setScreenBrightness({ value }) {
      if (value < 0 && value !== -1) throw new NativeFailure('value out of range');
      brightness = value === -1 ? SYSTEM_BRIGHTNESS : value;
      screen.element.style.filter = brightness < 1 ? `brightness(${LEAST_LIGHT + (1 - LEAST_LIGHT) * brightness})` : '';
    },
    getScreenBrightness: () => ({ value: brightness }),
    setKeepScreenOn: ({ keepScreenOn }) => lock.hold(keepScreenOn),
    setVisualEffectOnCapture({ visualEffect }) {
      if (visualEffect !== 'none' && visualEffect !== 'hidden') throw new NativeFailure('invalid visualEffect');
      capture.hide(visualEffect === 'hidden');
    },
    getScreenRecordingState: () => ({ state: surroundings.state.screenRecording ? 'on' : 'off' }),
    getLocalIPAddress: () => ({ localip: '192.168.1.100', netmask: '255.255.255.0' }),
    checkIsOpenAccessibility: () => ({ open: false }),
    openSystemBluetoothSetting: () =>
      showSystemPage(phone, { zh: '系统蓝牙设置（模拟）', en: 'Bluetooth settings (simulated)' }),
    openAppAuthorizeSetting: () =>
      showSystemPage(phone, { zh: '微信的系统授权管理（模拟）', en: 'System permissions of WeChat (simulated)' }),
    getDeviceBenchmarkInfo: () => ({ benchmarkLevel: 50, modelLevel: 2 }),
  };
}

/** Keeps the real screen on, where the browser can. */
function createLock(): { hold(on: boolean): Promise<void> } {
  let sentinel: Promise<WakeLockSentinel | undefined> | undefined;
  return {
    async hold(on) {
      if (on) {
        // A page that is not seen gets none; the program need not know.
        sentinel ??= navigator.wakeLock?.request('screen').catch(() => undefined);
        return;
      }
      const held = await sentinel;
      sentinel = undefined;
      await held?.release();
    },
  };
}

function createCaptureEffect({ screen, surroundings, onClose }: Phone): { hide(on: boolean): void } {
  const cover = h('div.capture-cover');
  let hides = false;
  const apply = (): void => {
    if (hides && surroundings.state.screenRecording) screen.element.append(cover);
    else cover.remove();
  };
  onClose(surroundings.watch(apply));
  return {
    hide(on) {
      hides = on;
      apply();
    },
  };
}

function showSystemPage({ screen, language }: Phone, title: { zh: string; en: string }): void {
  const layer = sheet(
    [h('div.sheet-title', {}, words(language, title))],
    [[words(language, { zh: '完成', en: 'Done' }), () => uncover()]],
  );
  const uncover = screen.cover(layer, () => uncover());
}
