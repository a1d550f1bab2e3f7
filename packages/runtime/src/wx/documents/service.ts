import { ApiFailure } from '../../service/wx/api.ts';
import { asyncFunction, forwarded, service } from '../../service/wx/define.ts';
import { flag, optional, text } from '../schema.ts';
import { documentsContract as documents } from './contract.ts';

const TYPES = documents.calls.openDocument.params.fileType.values as readonly string[];
type FileType = 'doc' | 'xls' | 'ppt' | 'pdf' | 'docx' | 'xlsx' | 'pptx';

/** Files that the user reads or keeps. */
export const documentsService = service({
  openDocument: asyncFunction(
    { filePath: text(), fileType: optional(text()), showMenu: optional(flag()) },
    ({ invoke }, { filePath, fileType, showMenu }) => {
      const type = fileType || (/\.(\w+)$/.exec(filePath)?.[1]?.toLowerCase() ?? '');
      if (!TYPES.includes(type)) throw new ApiFailure('filetype not supported');
      return invoke('openDocument', { filePath, fileType: type as FileType, showMenu: showMenu === true });
    },
  ),
  saveFileToDisk: forwarded(documents, 'saveFileToDisk'),
});
