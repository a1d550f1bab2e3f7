import { NativeFailure } from '../../native/failure.ts';
import type { HostHalf } from '../../native/host-half.ts';
import { isScope } from '../../native/permissions.ts';
import type { Phone } from '../../native/phone.ts';
import type { settingsContract } from './contract.ts';

export const createSettingsHost = ({ permissions }: Phone): HostHalf<typeof settingsContract> => ({
  getSetting: () => ({ authSetting: permissions.all() }),
  async authorize({ scope }) {
    if (!isScope(scope)) throw new NativeFailure('invalid scope');
    await permissions.ask(scope);
  },
  async openSetting() {
    await permissions.edit();
    return { authSetting: permissions.all() };
  },
});
