import { h, words } from '../../native/dom.ts';
import { NativeFailure } from '../../native/failure.ts';
import type { HostHalf } from '../../native/host-half.ts';
import type { Phone } from '../../native/phone.ts';
import type { mediaContract } from './contract.ts';

export function createMediaHost(phone: Phone): HostHalf<typeof mediaContract> {
  const { files, permissions, relay, screen } = phone;

  /** @throws NativeFailure when the user chooses none */
  async function pick(accept: string, count: number): Promise<File[]> {
    const chosen = (await screen.pickFiles({ accept, multiple: count > 1 })).slice(0, count);
    if (chosen.length === 0) throw new NativeFailure('cancel');
    return chosen;
  }

  return {
    async chooseMedia({ count, mediaType }) {
      const accept = mediaType.map((type) => (type === 'video' ? 'video/*' : 'image/*')).join(',') || 'image/*';
      const tempFiles = [];
      for (const file of await pick(accept, count)) {
        const fileType: 'video' | 'image' = file.type.startsWith('video/') ? 'video' : 'image';
        tempFiles.push({ tempFilePath: await relay.keepFile(file, file.name), size: file.size, fileType });
      }
      const types = new Set(tempFiles.map((file) => file.fileType));
      return { tempFiles, type: types.size > 1 ? 'mix' : ([...types][0] ?? 'image') };
    },
    async chooseMessageFile({ count, type, extension }) {
      const accept = type === 'image' || type === 'video' ? `${type}/*` : extension.map((name) => `.${name}`).join(',');
      const tempFiles = [];
      for (const file of await pick(accept, count))
        tempFiles.push({
          path: await relay.keepFile(file, file.name),
          name: file.name,
          size: file.size,
          type: kindOfFile(file),
          time: Math.floor(file.lastModified / 1000),
        });
      return { tempFiles };
    },
    async saveImageToPhotosAlbum({ filePath }) {
      // A path that leads nowhere is the program's fault: the user is not bothered with it.
      await files.openPicture(filePath);
      await permissions.ask('scope.writePhotosAlbum');
      screen.notice(words(phone.language, { zh: '已保存到系统相册', en: 'Saved to the album' }));
    },
    async getImageInfo({ src }) {
      const blob = await files.openPicture(src);
      const bitmap = await createImageBitmap(blob).catch(() => undefined);
      if (!bitmap) throw new NativeFailure('the file is not an image');
      const { width, height } = bitmap;
      bitmap.close();
      return { width, height, path: src, orientation: 'up', type: blob.type.replace(/^image\//, '') || 'unknown' };
    },
    previewImage: ({ current, urls }) => showPictures(phone, urls, Math.max(0, urls.indexOf(current))),
  };
}

function kindOfFile({ type }: File): 'image' | 'video' | 'file' {
  if (type.startsWith('image/')) return 'image';
  return type.startsWith('video/') ? 'video' : 'file';
}

/** One picture over the screen; a tap at a side shows its neighbour, one in the middle closes. */
function showPictures({ screen, files }: Phone, urls: string[], current: number): void {
  let index = current;
  const image = h('img');
  const counter = h('div.preview-counter');
  const tapped = (event: MouseEvent): void => {
    const side = event.offsetX / layer.clientWidth;
    if (urls.length > 1 && side > 0.7) step(1);
    else if (urls.length > 1 && side < 0.3) step(-1);
    else uncover();
  };
  const layer = h('div.preview-layer', { onclick: tapped }, image, counter);
  const step = (by: number): void => {
    index = (index + by + urls.length) % urls.length;
    files.show(image, urls[index] ?? '');
    counter.textContent = urls.length > 1 ? `${index + 1} / ${urls.length}` : '';
  };
  const uncover = screen.cover(layer, () => uncover());
  step(0);
}
