import { forwarded, service } from '../../service/wx/define.ts';
import { scanContract as scan } from './contract.ts';

export const scanService = service({
  scanCode: forwarded(scan, 'scanCode', { onlyFromCamera: false, scanType: ['barCode', 'qrCode'] }),
});
