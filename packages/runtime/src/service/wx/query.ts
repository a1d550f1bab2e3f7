import type { Caller } from '../caller.ts';
import { IntersectionObserver, type IntersectionOptions } from '../intersection-observer.ts';
import { MediaQueryObserver } from '../media-query-observer.ts';
import { SelectorQuery } from '../selector-query.ts';
import type { WxDomain } from './context.ts';

/** Queries about the view. Without `in()` they look at the page that is shown. */
export const queryDomain: WxDomain = (context) => {
  const current = (): Caller | undefined => context.currentPage()?.caller;
  return {
    createSelectorQuery: () => new SelectorQuery(current(), context.instances),
    createIntersectionObserver: (component?: Caller, options?: IntersectionOptions) => {
      const target = component ?? current();
      if (!target) throw new Error('createIntersectionObserver:fail there is no page');
      return new IntersectionObserver(target, options);
    },
    createMediaQueryObserver: (component?: Caller) => {
      const target = component ?? current();
      if (!target) throw new Error('createMediaQueryObserver:fail there is no page');
      return new MediaQueryObserver(target);
    },
  };
};
