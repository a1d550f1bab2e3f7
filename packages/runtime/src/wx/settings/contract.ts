import { contract } from '../contract.ts';
import { flag, record, text } from '../schema.ts';

const answers = { authSetting: record(flag()) };

/** What the user allows a program. */
export const settingsContract = contract({
  calls: {
    /** What the user answered to the scopes asked for; a scope nobody asked for is absent. */
    getSetting: { result: answers },
    /** Asks the user, unless the scope has an answer. */
    authorize: { params: { scope: text() } },
    /** Lets the user change the answers. */
    openSetting: { result: answers },
  },
});
