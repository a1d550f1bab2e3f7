import { ApiFailure, createApiHelper } from './api.ts';
import type { WxDomain } from './context.ts';

/** Toasts, dialogs, bars and page commands. */
export const uiDomain: WxDomain = (context) => {
  const api = createApiHelper(context.reporter);
  const { invoker } = context;
  const pageId = (): number => {
    const page = context.currentPage();
    if (!page) throw new ApiFailure('there is no page');
    return page.id;
  };
  return {
    showToast: api.async(
      'showToast',
      { title: 'String' },
      (o: { title: string; icon?: string; image?: string; duration?: number; mask?: boolean }) =>
        invoker.invoke('showToast', {
          title: o.title,
          icon: o.icon ?? 'success',
          duration: o.duration ?? 1500,
          mask: o.mask ?? false,
          ...(o.image !== undefined && { image: o.image }),
        }),
    ),
    hideToast: api.async('hideToast', {}, () => invoker.invoke('hideToast', {})),
    showLoading: api.async('showLoading', { title: 'String' }, (o: { title: string; mask?: boolean }) =>
      invoker.invoke('showLoading', { title: o.title, mask: o.mask ?? false }),
    ),
    hideLoading: api.async('hideLoading', {}, () => invoker.invoke('hideLoading', {})),
    showModal: api.async('showModal', {}, (o: Record<string, unknown>) => {
      for (const name of ['confirmText', 'cancelText'])
        if (String(o[name] ?? '').length > 4)
          throw new ApiFailure(`${name} length should not larger than 4 Chinese characters`);
      return invoker.invoke('showModal', {
        title: String(o.title ?? ''),
        content: String(o.content ?? ''),
        showCancel: o.showCancel !== false,
        cancelText: String(o.cancelText ?? '取消'),
        confirmText: String(o.confirmText ?? '确定'),
        editable: o.editable === true,
        placeholderText: String(o.placeholderText ?? ''),
        ...(o.cancelColor !== undefined && { cancelColor: String(o.cancelColor) }),
        ...(o.confirmColor !== undefined && { confirmColor: String(o.confirmColor) }),
      });
    }),
    showActionSheet: api.async(
      'showActionSheet',
      { itemList: 'Array' },
      (o: { itemList: string[]; itemColor?: string; alertText?: string }) => {
        if (o.itemList.length === 0) throw new ApiFailure('parameter error: itemList should have at least one item');
        if (o.itemList.length > 6) throw new ApiFailure('parameter error: itemList should not be large than 6');
        return invoker.invoke('showActionSheet', {
          itemList: o.itemList.map(String),
          ...(o.itemColor !== undefined && { itemColor: String(o.itemColor) }),
          ...(o.alertText !== undefined && { alertText: o.alertText }),
        });
      },
    ),
    setNavigationBarTitle: api.async('setNavigationBarTitle', { title: 'String' }, (o: { title: string }) =>
      invoker.invoke('setNavigationBarTitle', { pageId: pageId(), title: o.title }),
    ),
    setNavigationBarColor: api.async(
      'setNavigationBarColor',
      { frontColor: 'String', backgroundColor: 'String' },
      (o: { frontColor: string; backgroundColor: string; animation?: { duration: number; timingFunc: string } }) => {
        if (!/^#(fff|000|ffffff|000000)$/i.test(o.frontColor))
          throw new ApiFailure(`invalid frontColor "${o.frontColor}"`);
        return invoker.invoke('setNavigationBarColor', {
          pageId: pageId(),
          frontColor: o.frontColor,
          backgroundColor: o.backgroundColor,
          ...(o.animation && { animation: o.animation }),
        });
      },
    ),
    startPullDownRefresh: api.async('startPullDownRefresh', {}, () =>
      invoker.invoke('startPullDownRefresh', { pageId: pageId() }),
    ),
    stopPullDownRefresh: api.async('stopPullDownRefresh', {}, () =>
      invoker.invoke('stopPullDownRefresh', { pageId: pageId() }),
    ),
    pageScrollTo: api.async(
      'pageScrollTo',
      {},
      (o: { scrollTop?: number; selector?: string; offsetTop?: number; duration?: number }) =>
        invoker.invoke('pageScrollTo', {
          pageId: pageId(),
          duration: o.duration ?? 300,
          ...(o.scrollTop !== undefined && { scrollTop: o.scrollTop }),
          ...(o.selector !== undefined && { selector: o.selector }),
          ...(o.offsetTop !== undefined && { offsetTop: o.offsetTop }),
        }),
    ),
  };
};
