import { ApiFailure } from '../../service/wx/api.ts';
import { asyncFunction, forwarded, service } from '../../service/wx/define.ts';
import { optional, text } from '../schema.ts';
import { pageContract as page } from './contract.ts';

const color = optional(text());

/** Background, refresh and place of the page that is shown. */
export const pageService = service({
  setBackgroundColor: asyncFunction(
    { backgroundColor: color, backgroundColorTop: color, backgroundColorBottom: color },
    ({ invoke, pageId }, { backgroundColor, backgroundColorTop }) =>
      // The strip above the page shows on iOS only; there is one colour here.
      invoke('setBackgroundColor', {
        pageId: pageId(),
        backgroundColor: backgroundColor ?? backgroundColorTop ?? undefined,
      }),
  ),
  setBackgroundTextStyle: asyncFunction({ textStyle: text() }, ({ invoke, pageId }, { textStyle }) => {
    if (textStyle !== 'dark' && textStyle !== 'light') throw new ApiFailure(`invalid textStyle "${textStyle}"`);
    return invoke('setBackgroundTextStyle', { pageId: pageId(), textStyle });
  }),
  startPullDownRefresh: forwarded(page, 'startPullDownRefresh'),
  stopPullDownRefresh: forwarded(page, 'stopPullDownRefresh'),
  pageScrollTo: forwarded(page, 'pageScrollTo', { duration: 300 }),
});
