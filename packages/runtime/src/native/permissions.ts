import { h, sheet, words } from './dom.ts';
import { NativeFailure } from './failure.ts';
import type { Screen } from './screen.ts';

/** What may be asked for. Source: the scope list of the authorization chapter. */
const SCOPES = {
  'scope.userInfo': ['获取你的昵称、头像、地区及性别', 'read your name, picture, region and gender'],
  'scope.userLocation': ['获取你的位置信息', 'know where you are'],
  'scope.userFuzzyLocation': ['获取你的模糊位置信息', 'know roughly where you are'],
  'scope.userLocationBackground': ['后台获取你的位置信息', 'know where you are while it is in the background'],
  'scope.werun': ['获取你的微信运动步数', 'read your steps'],
  'scope.record': ['使用你的麦克风', 'use your microphone'],
  'scope.writePhotosAlbum': ['保存图片或视频到你的相册', 'save pictures and films to your album'],
  'scope.camera': ['使用你的摄像头', 'use your camera'],
  'scope.bluetooth': ['使用你的蓝牙', 'use your Bluetooth'],
  'scope.addPhoneContact': ['添加到你的联系人', 'add to your contacts'],
  'scope.addPhoneCalendar': ['添加到你的日历', 'add to your calendar'],
  'scope.address': ['获取你的通讯地址', 'read your addresses'],
  'scope.invoice': ['获取你的发票', 'read your invoices'],
  'scope.invoiceTitle': ['获取你的发票抬头', 'read your invoice titles'],
} satisfies Record<string, [zh: string, en: string]>;
export type Scope = keyof typeof SCOPES;

const TEXTS = {
  zh: { allow: '允许', deny: '拒绝', done: '完成', asks: (what: string) => `申请${what}` },
  en: { allow: 'Allow', deny: 'Deny', done: 'Done', asks: (what: string) => `May it ${what}?` },
};

/** The permissions a user gave to one mini program, for as long as the phone runs. */
export interface Permissions {
  /** The answers so far; a scope nobody asked for is absent. */
  all(): Record<string, boolean>;
  /** Asks the user, unless the scope has an answer. @throws NativeFailure when it is "no" */
  ask(scope: Scope): Promise<void>;
  /** Shows switches for what has been asked; resolves when the user is done. */
  edit(): Promise<void>;
}

/** A longer `desc` is cut: the original allows 30 characters. */
const MAX_DESC = 30;

function descOf(declared: Record<string, unknown> | undefined, scope: Scope): string | undefined {
  const entry = declared && Object.hasOwn(declared, scope) ? declared[scope] : undefined;
  const desc = typeof entry === 'object' && entry !== null ? (entry as { desc?: unknown }).desc : undefined;
  return typeof desc === 'string' && desc.trim() !== '' ? desc.slice(0, MAX_DESC) : undefined;
}

export const isScope = (name: string): name is Scope => Object.hasOwn(SCOPES, name);

/**
 * @param declared the `permission` of app.json: its `desc` tells the user what a scope is for
 */
export function createPermissions(
  screen: Pick<Screen, 'cover'>,
  language: string,
  declared: () => Record<string, unknown> | undefined = () => undefined,
): Permissions {
  const texts = words(language, TEXTS);
  const answers = new Map<Scope, boolean>();
  const asksFor = (scope: Scope): string => words(language, { zh: SCOPES[scope][0], en: SCOPES[scope][1] });

  function askUser(scope: Scope): Promise<boolean> {
    return new Promise((resolve) => {
      const answer = (allowed: boolean): void => {
        uncover();
        resolve(allowed);
      };
      const reason = descOf(declared(), scope);
      const layer = sheet(
        [
          h('div.sheet-title', {}, texts.asks(asksFor(scope))),
          ...(reason === undefined ? [] : [h('div.sheet-reason', {}, reason)]),
        ],
        [
          [texts.deny, () => answer(false)],
          [texts.allow, () => answer(true)],
        ],
      );
      const uncover = screen.cover(layer);
    });
  }

  return {
    all: () => Object.fromEntries(answers),
    async ask(scope) {
      if (!answers.has(scope)) answers.set(scope, await askUser(scope));
      if (!answers.get(scope)) throw new NativeFailure('auth deny', { errno: 103 });
    },
    edit: () =>
      new Promise((resolve) => {
        const switches = [...answers].map(([scope, checked]) => ({
          scope,
          box: h('input', { type: 'checkbox', checked, name: scope }),
        }));
        const close = (): void => {
          uncover();
          for (const { scope, box } of switches) answers.set(scope, box.checked);
          resolve();
        };
        const layer = sheet(
          switches.map(({ scope, box }) => h('label.sheet-title', {}, box, ` ${asksFor(scope)}`)),
          [[texts.done, close]],
        );
        const uncover = screen.cover(layer);
      }),
  };
}
