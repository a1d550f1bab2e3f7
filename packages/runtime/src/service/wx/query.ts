import type { WxDomain } from './context.ts';

interface Queryable {
  createSelectorQuery(): unknown;
  createIntersectionObserver(options?: object): unknown;
}

/** Queries about the view. Without `in()` they look at the page that is shown. */
export const queryDomain: WxDomain = (context) => {
  const current = (): Queryable => {
    const page = context.currentPage();
    if (!page) throw new Error('createSelectorQuery:fail there is no page');
    return page.caller as unknown as Queryable;
  };
  return {
    createSelectorQuery: () => current().createSelectorQuery(),
    createIntersectionObserver: (component?: Queryable, options?: object) =>
      (component ?? current()).createIntersectionObserver(options),
  };
};
