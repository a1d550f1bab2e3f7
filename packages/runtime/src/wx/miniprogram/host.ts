import { h, sheet, words } from '../../native/dom.ts';
import { NativeFailure } from '../../native/failure.ts';
import type { HostHalf } from '../../native/host-half.ts';
import type { Phone } from '../../native/phone.ts';
import type { miniprogramContract } from './contract.ts';

export function createMiniprogramHost({ screen, program, language }: Phone): HostHalf<typeof miniprogramContract> {
  const texts = words(language, {
    zh: {
      ...{ title: '即将打开其他小程序', cancel: '取消', allow: '允许', close: '知道了' },
      ...{ privacy: '用户隐私保护指引', unpublished: '小程序发布后，这里显示平台上填写的隐私保护指引。' },
      version: { develop: '开发版', trial: '体验版', release: '正式版' },
    },
    en: {
      ...{ title: 'Another mini program is about to open', cancel: 'Cancel', allow: 'Allow', close: 'OK' },
      ...{ privacy: 'Privacy', unpublished: 'Once the program is published, its privacy contract is shown here.' },
      version: { develop: 'development', trial: 'trial', release: 'release' },
    },
  });

  return {
    leaveForMiniProgram: ({ appId, path, shortLink, envVersion, embedded }) =>
      new Promise((resolve, reject) => {
        const answer = (goes: boolean): void => {
          uncover();
          if (!goes) return reject(new NativeFailure('cancel'));
          if (!embedded) program.exit();
          resolve();
        };
        const layer = sheet(
          [
            h('div.sheet-title', {}, texts.title),
            h('div.sheet-target', {}, appId || shortLink, h('small', {}, ` ${texts.version[envVersion]}`)),
            ...(path ? [h('div.sheet-path', {}, path.slice(0, 300))] : []),
          ],
          [
            [texts.cancel, () => answer(false)],
            [texts.allow, () => answer(true)],
          ],
        );
        const uncover = screen.cover(layer, () => answer(false));
      }),
    openPrivacyContract() {
      const layer = sheet(
        [h('div.sheet-target', {}, texts.privacy), h('div.sheet-title', {}, texts.unpublished)],
        [[texts.close, () => uncover()]],
      );
      const uncover = screen.cover(layer, () => uncover());
    },
  };
}
