import { contract } from '../contract.ts';
import { list, number, object, oneOf, optional, text } from '../schema.ts';

/** Pictures, and files that the user chooses. */
export const mediaContract = contract({
  calls: {
    chooseMedia: {
      params: { count: number(), mediaType: list(text()), sourceType: list(text()) },
      result: {
        tempFiles: list(
          object({
            tempFilePath: text(),
            /** Bytes. */
            size: number(),
            fileType: oneOf('image', 'video'),
            width: optional(number()),
            height: optional(number()),
          }),
        ),
        type: oneOf('image', 'video', 'mix'),
      },
    },
    /** Files of any kind, picked on the machine the phone runs on. `extension` without dots; empty for all. */
    chooseMessageFile: {
      params: { count: number(), type: oneOf('all', 'video', 'image', 'file'), extension: list(text()) },
      result: {
        tempFiles: list(
          object({
            path: text(),
            name: text(),
            /** Bytes. */
            size: number(),
            type: oneOf('video', 'image', 'file'),
            /** Seconds since 1970. */
            time: number(),
          }),
        ),
      },
    },
    saveImageToPhotosAlbum: { params: { filePath: text() } },
    getImageInfo: {
      params: { src: text() },
      result: { width: number(), height: number(), path: text(), orientation: text(), type: text() },
    },
    previewImage: { params: { current: text(), urls: list(text()) } },
  },
});
