import { NativeFailure } from '../../native/failure.ts';
import type { HostHalf } from '../../native/host-half.ts';
import type { Phone } from '../../native/phone.ts';
import type { routeContract } from './contract.ts';

export const createRouteHost = ({ pages, program }: Phone): HostHalf<typeof routeContract> => ({
  navigateTo: ({ url, cause }) => pages.navigateTo(url, cause),
  redirectTo: ({ url }) => pages.redirectTo(url),
  navigateBack: ({ delta }) => pages.navigateBack(delta),
  switchTab: ({ url }) => pages.switchTab(url),
  reLaunch: ({ url }) => pages.reLaunch(url),
  holdBack: ({ on }, { pageId }) => pages.holdBack(pageId, on),
  pageReady: ({ pageId, error }) => pages.ready(pageId, error),
  async loadSubpackage({ root }) {
    if (!program.manifest.packages.some((entry) => entry.root === root)) throw new NativeFailure('no such subpackage');
    return { bundle: await program.loadPackage(root) };
  },
  exitMiniProgram: () => program.exit(),
});
