import { ApiFailure } from '../../service/wx/api.ts';
import type { WxContext } from '../../service/wx/context.ts';
import { asyncFunction, forwarded, service } from '../../service/wx/define.ts';
import { anything, optional, text } from '../schema.ts';
import { miniprogramContract } from './contract.ts';

const target = {
  appId: optional(text()),
  path: optional(text()),
  shortLink: optional(text()),
  envVersion: optional(text()),
  extraData: optional(anything()),
};
/** The scene of a program that another one has opened. */
const FROM_MINI_PROGRAM = 1037;

interface Target {
  appId?: string | undefined;
  path?: string | undefined;
  shortLink?: string | undefined;
  envVersion?: string | undefined;
  extraData?: unknown;
}

/** An env version that the reference does not name is taken for the release, as there. */
const leave = ({ invoke }: WxContext, { appId, path, shortLink, envVersion, extraData }: Target, embedded: boolean) => {
  if (!appId && !shortLink) throw new ApiFailure('invalid appid');
  return invoke('leaveForMiniProgram', {
    ...{ appId: appId ?? '', path: path ?? '', shortLink: shortLink ?? '', embedded, extraData },
    envVersion: envVersion === 'develop' || envVersion === 'trial' ? envVersion : 'release',
  });
};

/** Ways to other mini programs and to what the platform says about this one. */
export const miniprogramService = service({
  navigateToMiniProgram: asyncFunction(target, (wx, given) => leave(wx, given, false)),
  openEmbeddedMiniProgram: asyncFunction(target, (wx, given) => leave(wx, given, true)),
  navigateBackMiniProgram: asyncFunction({ extraData: optional(anything()) }, ({ invoke, launch }) => {
    if (launch().scene !== FROM_MINI_PROGRAM) throw new ApiFailure('not opened by another mini program');
    return invoke('exitMiniProgram', {});
  }),
  openPrivacyContract: forwarded(miniprogramContract, 'openPrivacyContract'),
});
