import { ApiFailure } from '../../service/wx/api.ts';
import { asyncFunction, forwarded, service } from '../../service/wx/define.ts';
import { list, number, object, optional, text } from '../schema.ts';
import { videoContract as video } from './contract.ts';

const QUALITIES: readonly unknown[] = ['low', 'medium', 'high'];

/** Films that the user chooses, looks at and keeps. */
export const videoService = service({
  chooseVideo: forwarded(video, 'chooseVideo', { sourceType: ['album', 'camera'] }),
  getVideoInfo: forwarded(video, 'getVideoInfo'),
  compressVideo: asyncFunction(
    {
      ...{ src: text(), quality: optional(text()) },
      ...{ bitrate: optional(number()), fps: optional(number()), resolution: optional(number()) },
    },
    async ({ invoke }, { src, quality, resolution }) => {
      if (quality && !QUALITIES.includes(quality)) throw new ApiFailure(`invalid quality "${quality}"`);
      if (typeof resolution === 'number' && !(resolution > 0 && resolution <= 1))
        throw new ApiFailure(`invalid resolution "${resolution}"`);
      // The same film is a valid answer: there is no link here whose bytes would have to be saved.
      const { size } = await invoke('getVideoInfo', { src });
      return { tempFilePath: src, size };
    },
  ),
  saveVideoToPhotosAlbum: forwarded(video, 'saveVideoToPhotosAlbum'),
  previewMedia: asyncFunction(
    {
      sources: list(object({ url: text(), type: optional(text()), poster: optional(text()) })),
      current: optional(number()),
    },
    ({ invoke }, { sources, current }) => {
      if (sources.length === 0) throw new ApiFailure('parameter error: parameter.sources should not be empty');
      const shown = Math.trunc(current ?? 0);
      return invoke('previewMedia', {
        sources: sources.map(({ url, type, poster }) => ({
          ...{ url, type: type === 'video' ? 'video' : 'image' },
          ...(poster && { poster }),
        })),
        current: shown >= 0 && shown < sources.length ? shown : 0,
      });
    },
  ),
});
