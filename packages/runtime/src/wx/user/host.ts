import type { UserInfoResult } from '@sparrow/protocol';
import { NativeFailure } from '../../native/failure.ts';
import type { HostHalf } from '../../native/host-half.ts';
import type { Phone } from '../../native/phone.ts';
import type { userContract } from './contract.ts';

export const createUserHost = ({ relay }: Phone): HostHalf<typeof userContract> => ({
  login: () => relay.call<{ code: string }>('login', {}),
  async checkSession() {
    const { valid } = await relay.call<{ valid: boolean }>('check-session', {});
    if (!valid) throw new NativeFailure('session expired');
  },
  getUserInfo: ({ withCredentials, lang }) => relay.call<UserInfoResult>('user-info', { withCredentials, lang }),
});
