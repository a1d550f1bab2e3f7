import { ApiFailure } from '../../service/wx/api.ts';
import { asyncFunction, forwarded, service } from '../../service/wx/define.ts';
import { anything, list, number, optional, text } from '../schema.ts';
import { mediaContract as media } from './contract.ts';

/** Most files one call may choose. Source: chooseMedia and chooseMessageFile of the API reference. */
const IMAGE_LIMIT = 20;
const MESSAGE_FILE_LIMIT = 100;

const within = (count: number | undefined | null, limit: number): number => Math.min(Math.max(1, count ?? 9), limit);
const SOURCES = ['album', 'camera'];

/** Pictures, and files that the user chooses. */
export const mediaService = service({
  previewImage: asyncFunction(
    { urls: list(anything()), current: optional(anything<string | number>()) },
    ({ invoke }, { urls, current }) => {
      if (urls.length === 0) throw new ApiFailure('parameter error: parameter.urls should not be empty');
      const all = urls.map(String);
      // Old programs give the index.
      const shown = typeof current === 'number' ? all[current] : current;
      return invoke('previewImage', { current: shown ?? String(all[0]), urls: all });
    },
  ),
  chooseImage: asyncFunction(
    { count: optional(number()), sourceType: optional(list(text())) },
    async ({ invoke }, { count, sourceType }) => {
      const { tempFiles } = await invoke('chooseMedia', {
        count: within(count, IMAGE_LIMIT),
        mediaType: ['image'],
        sourceType: sourceType ?? SOURCES,
      });
      return {
        tempFilePaths: tempFiles.map((file) => file.tempFilePath),
        tempFiles: tempFiles.map((file) => ({ path: file.tempFilePath, size: file.size })),
      };
    },
  ),
  chooseMedia: asyncFunction(
    { count: optional(number()), mediaType: optional(list(text())), sourceType: optional(list(text())) },
    ({ invoke }, { count, mediaType, sourceType }) =>
      invoke('chooseMedia', {
        count: within(count, IMAGE_LIMIT),
        mediaType: (mediaType ?? ['mix']).flatMap((type) => (type === 'mix' ? ['image', 'video'] : [type])),
        sourceType: sourceType ?? SOURCES,
      }),
  ),
  chooseMessageFile: asyncFunction(
    { count: number(), type: optional(anything()), extension: optional(anything<unknown[]>()) },
    ({ invoke }, { count, type = 'all', extension }) => {
      if (type !== 'all' && type !== 'video' && type !== 'image' && type !== 'file')
        throw new ApiFailure(`invalid type "${String(type)}"`);
      return invoke('chooseMessageFile', {
        count: within(count, MESSAGE_FILE_LIMIT),
        type,
        extension: (extension ?? []).map((name) => String(name).replace(/^\./, '')),
      });
    },
  ),
  getImageInfo: forwarded(media, 'getImageInfo'),
  compressImage: asyncFunction({ src: text() }, async ({ invoke }, { src }) => {
    // The same image is a valid answer: there is no link here whose bytes would have to be saved.
    await invoke('getImageInfo', { src });
    return { tempFilePath: src };
  }),
  saveImageToPhotosAlbum: forwarded(media, 'saveImageToPhotosAlbum'),
});
