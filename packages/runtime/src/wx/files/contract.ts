import { contract } from '../contract.ts';
import { bytes, optional, text } from '../schema.ts';

/** Files that the logic layer does not have itself, and the copy of those that it has. */
export const filesContract = contract({
  calls: {
    /** A file of the package, a temporary one or one of the user folder. */
    readFile: { params: { path: text() }, result: { data: bytes() } },
    /** Keeps what the logic layer wrote, so that uploads and images find it. Without data it is a folder. */
    writeUserFile: { params: { path: text(), data: optional(bytes()) } },
    removeUserFile: { params: { path: text() } },
    writeTempFile: { params: { data: bytes(), suffix: text() }, result: { tempFilePath: text() } },
  },
});
