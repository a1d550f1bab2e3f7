import { h, words } from '../../native/dom.ts';
import { NativeFailure } from '../../native/failure.ts';
import type { HostHalf } from '../../native/host-half.ts';
import type { Phone } from '../../native/phone.ts';
import { answerOf, type Code, FAMILIES, type Family, isFamily, readPicture } from './codes.ts';
import type { scanContract } from './contract.ts';

const TEXTS = {
  zh: {
    ...{ hint: '将二维码/条码放入框内，即可自动扫描', typed: '输入码的内容（模拟扫码）', scan: '扫码', album: '相册' },
    ...{
      close: '关闭',
      unread: '图片中没有可识别的码，可在下方输入其内容',
      kind: '码的类型',
      wrong: '不支持此类型的码',
    },
  },
  en: {
    ...{ hint: 'Place the code in the frame', typed: 'What the code says (simulated)', scan: 'Scan', album: 'Album' },
    ...{ close: 'Close', unread: 'No code was found in it; type what it says', kind: 'Kind', wrong: 'Another kind' },
  },
};

export const createScanHost = (phone: Phone): HostHalf<typeof scanContract> => ({
  async scanCode({ onlyFromCamera, scanType }) {
    const named = scanType.filter(isFamily);
    const code = await askForCode(phone, named.length > 0 ? named : ['barCode', 'qrCode'], !onlyFromCamera);
    return answerOf(code, phone.program.manifest.app.pages);
  },
});

/** The screen of the scanner. @throws NativeFailure when the user closes it */
function askForCode({ screen, language }: Phone, families: readonly Family[], album: boolean): Promise<Code> {
  const texts = words(language, TEXTS);
  const allowed: readonly string[] = families.flatMap((family) => [...FAMILIES[family]]);
  return new Promise((resolve, reject) => {
    const close = (): void => {
      uncover();
      reject(new NativeFailure('cancel'));
    };
    const found = (code: Code): void => {
      if (!allowed.includes(code.type)) return screen.notice(texts.wrong);
      uncover();
      resolve(code);
    };
    const fromPicture = async (): Promise<void> => {
      const [file] = await screen.pickFiles({ accept: 'image/*', multiple: false });
      if (!file) return;
      const code = await readPicture(file).catch(() => undefined);
      if (code) found(code);
      else screen.notice(texts.unread);
    };
    const typed = h('input.scan-text', { placeholder: texts.typed, ariaLabel: texts.typed });
    const kind = h(
      'select.scan-kind',
      { ariaLabel: texts.kind },
      ...allowed.map((type) => h('option', { value: type }, type.replaceAll('_', ' '))),
    );
    if (allowed.includes('QR_CODE')) kind.value = 'QR_CODE';
    const take = (event: Event): void => {
      event.preventDefault();
      if (typed.value) found({ text: typed.value, type: kind.value });
    };
    const layer = h(
      'div.scan-layer',
      { role: 'dialog' },
      h('button.scan-close', { onclick: close, ariaLabel: texts.close }, '✕'),
      h('div.scan-frame'),
      h('div.scan-hint', {}, texts.hint),
      h(
        'form.scan-form',
        { onsubmit: take },
        h('div.scan-line', {}, typed, kind),
        h(
          'div.scan-line',
          {},
          album
            ? h('button.scan-album', { type: 'button', onclick: () => void fromPicture() }, texts.album)
            : undefined,
          h('button.scan-take', { type: 'submit' }, texts.scan),
        ),
      ),
    );
    const uncover = screen.cover(layer, close);
  });
}
