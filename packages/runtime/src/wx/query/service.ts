import type { Caller } from '../../service/caller.ts';
import { IntersectionObserver, type IntersectionOptions } from '../../service/intersection-observer.ts';
import { MediaQueryObserver } from '../../service/media-query-observer.ts';
import { SelectorQuery } from '../../service/selector-query.ts';
import type { WxContext } from '../../service/wx/context.ts';
import { service, value } from '../../service/wx/define.ts';

const current = (wx: WxContext): Caller | undefined => wx.currentPage()?.caller;

function target(wx: WxContext, component: Caller | undefined, name: string): Caller {
  const found = component ?? current(wx);
  if (!found) throw new Error(`${name}:fail there is no page`);
  return found;
}

/** Queries about the view. Without `in()` they look at the page that is shown. */
export const queryService = service({
  createSelectorQuery: value((wx) => () => new SelectorQuery(current(wx), wx.instances)),
  createIntersectionObserver: value(
    (wx) => (component?: Caller, options?: IntersectionOptions) =>
      new IntersectionObserver(target(wx, component, 'createIntersectionObserver'), options),
  ),
  createMediaQueryObserver: value(
    (wx) => (component?: Caller) => new MediaQueryObserver(target(wx, component, 'createMediaQueryObserver')),
  ),
});
