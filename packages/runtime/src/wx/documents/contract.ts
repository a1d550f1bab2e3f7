import { contract } from '../contract.ts';
import { flag, oneOf, text } from '../schema.ts';

/** Files that the user reads or keeps. */
export const documentsContract = contract({
  calls: {
    /** A sheet with name and size of the file, from where the browser opens or keeps it. */
    openDocument: {
      params: {
        filePath: text(),
        fileType: oneOf('doc', 'xls', 'ppt', 'pdf', 'docx', 'xlsx', 'pptx'),
        showMenu: flag(),
      },
    },
    saveFileToDisk: { params: { filePath: text() } },
  },
});
