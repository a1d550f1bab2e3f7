import type { HostHalf } from '../../native/host-half.ts';
import type { Phone } from '../../native/phone.ts';
import type { pageContract } from './contract.ts';

export const createPageHost = ({ pages }: Phone): HostHalf<typeof pageContract> => ({
  setBackgroundColor: ({ pageId, backgroundColor }) => pages.byId(pageId).dress({ backgroundColor }),
  setBackgroundTextStyle: ({ pageId, textStyle }) => pages.byId(pageId).dress({ backgroundTextStyle: textStyle }),
  startPullDownRefresh: ({ pageId }) => pages.byId(pageId).command({ type: 'startPullDownRefresh' }),
  stopPullDownRefresh: ({ pageId }) => pages.byId(pageId).command({ type: 'stopPullDownRefresh' }),
  pageScrollTo: ({ pageId, duration, scrollTop, selector, offsetTop }) =>
    pages.byId(pageId).command({
      type: 'pageScrollTo',
      duration,
      ...(scrollTop !== undefined && { scrollTop }),
      ...(selector !== undefined && { selector }),
      ...(offsetTop !== undefined && { offsetTop }),
    }),
});
