import { ApiFailure, createApiHelper } from './api.ts';
import type { WxDomain } from './context.ts';

interface ChooseOptions {
  count?: number;
  mediaType?: string[];
  sourceType?: string[];
  type?: string;
  extension?: string[];
}

/** Most files one call may choose. Source: chooseMedia and chooseMessageFile of the API reference. */
const IMAGE_LIMIT = 20;
const MESSAGE_FILE_LIMIT = 100;

/** Images and chosen files. */
export const mediaDomain: WxDomain = (context) => {
  const api = createApiHelper(context.reporter);
  const { invoker } = context;
  const count = (given: number | undefined, limit: number): number => Math.min(Math.max(1, given ?? 9), limit);
  const sources = (o: ChooseOptions): string[] => o.sourceType ?? ['album', 'camera'];
  return {
    previewImage: api.async('previewImage', { urls: 'Array' }, (o: { urls: string[]; current?: string | number }) => {
      if (o.urls.length === 0) throw new ApiFailure('parameter error: parameter.urls should not be empty');
      // Old programs give the index.
      const current = typeof o.current === 'number' ? o.urls[o.current] : o.current;
      return invoker.invoke('previewImage', { current: current ?? String(o.urls[0]), urls: o.urls.map(String) });
    }),
    chooseImage: api.async('chooseImage', { 'count?': 'Number' }, async (o: ChooseOptions) => {
      const { tempFiles } = await invoker.invoke('chooseMedia', {
        count: count(o.count, IMAGE_LIMIT),
        mediaType: ['image'],
        sourceType: sources(o),
      });
      return {
        tempFilePaths: tempFiles.map((file) => file.tempFilePath),
        tempFiles: tempFiles.map((file) => ({ path: file.tempFilePath, size: file.size })),
      };
    }),
    chooseMedia: api.async(
      'chooseMedia',
      { 'count?': 'Number', 'mediaType?': 'Array', 'sourceType?': 'Array' },
      (o: ChooseOptions) => {
        const types = (o.mediaType ?? ['image', 'video']).flatMap((type) =>
          type === 'mix' ? ['image', 'video'] : [type],
        );
        return invoker.invoke('chooseMedia', {
          count: count(o.count, IMAGE_LIMIT),
          mediaType: types,
          sourceType: sources(o),
        });
      },
    ),
    chooseMessageFile: api.async('chooseMessageFile', { count: 'Number' }, (o: ChooseOptions) => {
      const type = o.type ?? 'all';
      if (type !== 'all' && type !== 'video' && type !== 'image' && type !== 'file')
        throw new ApiFailure(`invalid type "${type}"`);
      return invoker.invoke('chooseMessageFile', {
        count: count(o.count, MESSAGE_FILE_LIMIT),
        type,
        extension: (o.extension ?? []).map((name) => String(name).replace(/^\./, '')),
      });
    }),
    getImageInfo: api.async('getImageInfo', { src: 'String' }, (o: { src: string }) =>
      invoker.invoke('getImageInfo', { src: o.src }),
    ),
    compressImage: api.async('compressImage', { src: 'String' }, async (o: { src: string }) => {
      // The same image is a valid answer: there is no link here whose bytes would have to be saved.
      await invoker.invoke('getImageInfo', { src: o.src });
      return { tempFilePath: o.src };
    }),
    saveImageToPhotosAlbum: api.async('saveImageToPhotosAlbum', { filePath: 'String' }, (o: { filePath: string }) =>
      invoker.invoke('saveImageToPhotosAlbum', { filePath: o.filePath }),
    ),
  };
};
