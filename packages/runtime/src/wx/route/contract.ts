import type { ServiceBundle } from '@sparrow/protocol';
import { contract } from '../contract.ts';
import { anything, flag, number, optional, text } from '../schema.ts';

/** The page stack, and the packages that its pages need. */
export const routeContract = contract({
  calls: {
    /** `cause` is the logic layer's number of the call, 0 for none; the page finds the EventChannel of its opener by it. */
    navigateTo: { params: { url: text(), cause: optional(number()) }, view: true },
    redirectTo: { params: { url: text() }, view: true },
    navigateBack: { params: { delta: number({ min: 1, whole: true }) }, view: true },
    switchTab: { params: { url: text() }, view: true },
    reLaunch: { params: { url: text() }, view: true },
    exitMiniProgram: { view: true },
    /** A layer over the page of the calling view is open, or no longer: going back closes it first. */
    holdBack: { params: { on: flag() }, view: true },
    /** The page of this id has run onLoad, onShow and its first flush (`error`: it could not be created). */
    pageReady: { params: { pageId: number(), error: optional(text()) } },
    loadSubpackage: { params: { root: text() }, result: { bundle: anything<ServiceBundle>() } },
  },
});
