import { contract } from '../contract.ts';
import { anything, flag, oneOf, optional, text } from '../schema.ts';

/** Ways to other mini programs and to what the platform says about this one. */
export const miniprogramContract = contract({
  calls: {
    /**
     * Simulated: a sheet says where it would go; when the user goes, this program is in the background as if the other
     * lay over it. `embedded` keeps it where it is.
     */
    leaveForMiniProgram: {
      params: {
        appId: text(),
        path: text(),
        shortLink: text(),
        envVersion: oneOf('develop', 'trial', 'release'),
        embedded: flag(),
        extraData: optional(anything()),
      },
    },
    /** Simulated: a sheet in the place of the contract, which a published program has at the platform. */
    openPrivacyContract: {},
  },
});
