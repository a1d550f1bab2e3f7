import { h, sheet, words } from '../../native/dom.ts';
import type { HostHalf } from '../../native/host-half.ts';
import type { Phone } from '../../native/phone.ts';
import type { documentsContract } from './contract.ts';

/** Said by us, never by the file: a page that calls itself a document must not run in the address of the phone. */
const TYPES = {
  doc: 'application/msword',
  xls: 'application/vnd.ms-excel',
  ppt: 'application/vnd.ms-powerpoint',
  pdf: 'application/pdf',
  docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  pptx: 'application/vnd.openxmlformats-officedocument.presentationml.presentation',
} as const;
/** Until a browser has taken what a link of ours points at. Milliseconds. */
const LINK_MS = 60_000;

const sizeOf = (bytes: number): string =>
  bytes < 1024
    ? `${bytes} B`
    : bytes < 1 << 20
      ? `${(bytes / 1024).toFixed(1)} KB`
      : `${(bytes / (1 << 20)).toFixed(1)} MB`;
const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/** Lets the browser open or keep a file. */
function follow(file: Blob, attributes: { target: string } | { download: string }): void {
  const href = URL.createObjectURL(file);
  h('a', { href, rel: 'noopener', ...attributes }).click();
  setTimeout(() => URL.revokeObjectURL(href), LINK_MS);
}

export const createDocumentsHost = ({ files, screen, language }: Phone): HostHalf<typeof documentsContract> => ({
  async openDocument({ filePath, fileType, showMenu }) {
    const texts = words(language, {
      zh: { open: '在新标签页打开', keep: '保存到电脑', close: '关闭' },
      en: { open: 'Open in a new tab', keep: 'Save to this computer', close: 'Close' },
    });
    const given = await files.open(filePath);
    const file = new Blob([given], { type: TYPES[fileType] });
    const title = h(
      'div.document',
      {},
      h(`span.document-type`, {}, fileType.toUpperCase()),
      h('div', {}, h('div.document-name', {}, nameOf(filePath)), h('div.document-size', {}, sizeOf(file.size))),
    );
    const layer = sheet(
      [title],
      [
        [texts.open, () => follow(file, { target: '_blank' })],
        ...(showMenu ? [[texts.keep, () => follow(file, { download: nameOf(filePath) })] as [string, () => void]] : []),
        [texts.close, () => uncover()],
      ],
    );
    const uncover = screen.cover(layer, () => uncover());
  },
  async saveFileToDisk({ filePath }) {
    const file = await files.open(filePath);
    follow(new Blob([file], { type: 'application/octet-stream' }), { download: nameOf(filePath) });
  },
});
