import { contract } from '../contract.ts';
import { list, number, object, oneOf, optional, text } from '../schema.ts';

/** Films that the user chooses, looks at and keeps. */
export const videoContract = contract({
  calls: {
    /** A film from the machine the phone runs on: a camera is not opened. */
    chooseVideo: {
      params: { sourceType: list(text()) },
      result: { tempFilePath: text(), duration: number(), size: number(), width: number(), height: number() },
    },
    /** `fps` is simulated (a browser does not tell it); `size` in KB, `bitrate` in kbps, both of the file as it is. */
    getVideoInfo: {
      params: { src: text() },
      result: {
        ...{ orientation: text(), type: text(), duration: number(), size: number() },
        ...{ width: number(), height: number(), fps: number(), bitrate: number() },
      },
    },
    saveVideoToPhotosAlbum: { params: { filePath: text() } },
    previewMedia: {
      params: {
        sources: list(object({ url: text(), type: oneOf('image', 'video'), poster: optional(text()) })),
        current: number({ min: 0, whole: true }),
      },
    },
  },
});
