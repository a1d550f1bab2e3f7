import { NativeFailure, type NativeHandlers } from './dispatch.ts';

/** What may be asked for. Source: the scope list of the authorization chapter. */
export const SCOPES = [
  'scope.userInfo',
  'scope.userLocation',
  'scope.userFuzzyLocation',
  'scope.userLocationBackground',
  'scope.werun',
  'scope.record',
  'scope.writePhotosAlbum',
  'scope.camera',
  'scope.bluetooth',
  'scope.addPhoneContact',
  'scope.addPhoneCalendar',
  'scope.address',
  'scope.invoice',
  'scope.invoiceTitle',
] as const;
export type Scope = (typeof SCOPES)[number];

/** How the phone asks its user. */
export interface SettingsShell {
  askPermission(scope: Scope): Promise<boolean>;
  /** Shows switches; resolves with their states when the user is done. */
  editPermissions(entries: { scope: Scope; allowed: boolean }[]): Promise<Record<string, boolean>>;
}

/** The permissions a user gave to one mini program, for as long as the phone runs. */
export function createSettingsHandlers(
  shell: SettingsShell,
): Pick<NativeHandlers, 'getSetting' | 'authorize' | 'openSetting'> {
  const answers = new Map<Scope, boolean>();
  const authSetting = (): Record<string, boolean> => Object.fromEntries(answers);
  return {
    getSetting: () => ({ authSetting: authSetting() }),
    async authorize({ scope: name }) {
      const scope = SCOPES.find((known) => known === name);
      if (!scope) throw new NativeFailure('invalid scope');
      if (!answers.has(scope)) answers.set(scope, await shell.askPermission(scope));
      if (!answers.get(scope)) throw new NativeFailure('auth deny', { errno: 103 });
      return {};
    },
    async openSetting() {
      const edited = await shell.editPermissions([...answers].map(([scope, allowed]) => ({ scope, allowed })));
      for (const scope of answers.keys()) answers.set(scope, edited[scope] === true);
      return { authSetting: authSetting() };
    },
  };
}
