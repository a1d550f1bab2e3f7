import { NativeFailure, type NativeHandlers } from './dispatch.ts';

/** What may be asked for, with the words of the question. Source: the scope list of the authorization chapter. */
const SCOPES: Readonly<Record<string, string>> = {
  'scope.userInfo': '获取你的昵称、头像、地区及性别',
  'scope.userLocation': '获取你的位置信息',
  'scope.userFuzzyLocation': '获取你的模糊位置信息',
  'scope.userLocationBackground': '后台获取你的位置信息',
  'scope.werun': '获取你的微信运动步数',
  'scope.record': '使用你的麦克风',
  'scope.writePhotosAlbum': '保存图片或视频到你的相册',
  'scope.camera': '使用你的摄像头',
  'scope.bluetooth': '使用你的蓝牙',
  'scope.addPhoneContact': '添加到你的联系人',
  'scope.addPhoneCalendar': '添加到你的日历',
  'scope.address': '获取你的通讯地址',
  'scope.invoice': '获取你的发票',
  'scope.invoiceTitle': '获取你的发票抬头',
};

/** How the phone asks its user. */
export interface SettingsShell {
  askPermission(question: string): Promise<boolean>;
  /** Shows switches; resolves with their states when the user is done. */
  editPermissions(entries: { scope: string; text: string; allowed: boolean }[]): Promise<Record<string, boolean>>;
}

/** The permissions a user gave to one mini program, for as long as the phone runs. */
export function createSettingsHandlers(
  shell: SettingsShell,
): Pick<NativeHandlers, 'getSetting' | 'authorize' | 'openSetting'> {
  const answers = new Map<string, boolean>();
  const authSetting = (): Record<string, boolean> => Object.fromEntries(answers);
  return {
    getSetting: () => ({ authSetting: authSetting() }),
    async authorize({ scope }) {
      if (!Object.hasOwn(SCOPES, scope)) throw new NativeFailure('invalid scope');
      if (!answers.has(scope)) answers.set(scope, await shell.askPermission(SCOPES[scope] ?? scope));
      if (!answers.get(scope)) throw new NativeFailure('auth deny', { errno: 103 });
      return {};
    },
    async openSetting() {
      const entries = [...answers].map(([scope, allowed]) => ({ scope, text: SCOPES[scope] ?? scope, allowed }));
      const edited = await shell.editPermissions(entries);
      for (const [scope, allowed] of Object.entries(edited)) answers.set(scope, allowed);
      return { authSetting: authSetting() };
    },
  };
}
