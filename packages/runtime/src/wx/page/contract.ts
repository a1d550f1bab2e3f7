import { contract } from '../contract.ts';
import { number, oneOf, optional, text } from '../schema.ts';

const onPage = { pageId: number() };

/** Background, refresh and place of the page. */
export const pageContract = contract({
  calls: {
    setBackgroundColor: { params: { ...onPage, backgroundColor: optional(text()) } },
    setBackgroundTextStyle: { params: { ...onPage, textStyle: oneOf('dark', 'light') } },
    startPullDownRefresh: { params: onPage },
    stopPullDownRefresh: { params: onPage },
    pageScrollTo: {
      params: {
        ...onPage,
        /** CSS pixels, as `offsetTop`. */
        scrollTop: optional(number()),
        selector: optional(text()),
        offsetTop: optional(number()),
        /** Milliseconds. */
        duration: number(),
      },
    },
  },
});
