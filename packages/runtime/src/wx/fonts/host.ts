import type { HostHalf } from '../../native/host-half.ts';
import type { Phone } from '../../native/phone.ts';
import type { fontsContract } from './contract.ts';

export const createFontsHost = ({ files, pages }: Phone): HostHalf<typeof fontsContract> => ({
  fetchFont: async ({ source }) => ({ data: await (await files.openMedia(source, 'font/*,*/*')).arrayBuffer() }),
  showFont: ({ pageId, ...font }) => pages.byId(pageId).command({ type: 'loadFont', ...font }),
});
