import type { ChosenFile, ChosenMessageFile } from '@sparrow/protocol';
import { NativeFailure, type NativeHandlers } from './dispatch.ts';
import type { ProgramFiles } from './program-files.ts';
import type { RelayClient } from './relay-client.ts';

type MediaHandlers = Pick<
  NativeHandlers,
  'chooseMedia' | 'chooseMessageFile' | 'saveImageToPhotosAlbum' | 'getImageInfo' | 'readFile' | 'writeTempFile'
>;

/** Picks files on the machine the phone runs on. */
export type FilePicker = (options: { accept: string; multiple: boolean }) => Promise<File[]>;

export interface MediaShell {
  pickFiles: FilePicker;
  savedToAlbum(): void;
}

export function createMediaHandlers(relay: RelayClient, files: ProgramFiles, shell: MediaShell): MediaHandlers {
  return {
    async chooseMedia({ count, mediaType }) {
      const accept = mediaType.map((type) => (type === 'video' ? 'video/*' : 'image/*')).join(',') || 'image/*';
      const files = (await shell.pickFiles({ accept, multiple: count > 1 })).slice(0, count);
      if (files.length === 0) throw new NativeFailure('cancel');
      const tempFiles: ChosenFile[] = [];
      for (const file of files) {
        const fileType = file.type.startsWith('video/') ? 'video' : 'image';
        tempFiles.push({ tempFilePath: await relay.keepFile(file, file.name), size: file.size, fileType });
      }
      const types = new Set(tempFiles.map((file) => file.fileType));
      return { tempFiles, type: types.size > 1 ? 'mix' : ([...types][0] ?? 'image') };
    },
    async chooseMessageFile({ count, type, extension }) {
      const accept =
        type === 'image' || type === 'video' ? `${type}/*` : extension.map((name) => `.${String(name)}`).join(',');
      const files = (await shell.pickFiles({ accept, multiple: count > 1 })).slice(0, count);
      if (files.length === 0) throw new NativeFailure('cancel');
      const tempFiles: ChosenMessageFile[] = [];
      for (const file of files)
        tempFiles.push({
          path: await relay.keepFile(file, file.name),
          name: file.name,
          size: file.size,
          type: file.type.startsWith('image/') ? 'image' : file.type.startsWith('video/') ? 'video' : 'file',
          time: Math.floor(file.lastModified / 1000),
        });
      return { tempFiles };
    },
    async saveImageToPhotosAlbum({ filePath }) {
      await files.openPicture(filePath);
      shell.savedToAlbum();
      return {};
    },
    async getImageInfo({ src }) {
      const blob = await files.openPicture(src);
      const bitmap = await createImageBitmap(blob).catch(() => undefined);
      if (!bitmap) throw new NativeFailure('the file is not an image');
      const { width, height } = bitmap;
      bitmap.close();
      return { width, height, path: src, orientation: 'up', type: blob.type.replace(/^image\//, '') || 'unknown' };
    },
    async readFile({ path }) {
      return { data: await (await files.open(path)).arrayBuffer() };
    },
    async writeTempFile({ data, suffix }) {
      return { tempFilePath: await relay.keepFile(new Blob([data]), `file.${suffix}`) };
    },
  };
}
