import { forwarded, service } from '../../service/wx/define.ts';
import { settingsContract as settings } from './contract.ts';

/** What the user allows the program. */
export const settingsService = service({
  getSetting: forwarded(settings, 'getSetting'),
  authorize: forwarded(settings, 'authorize'),
  openSetting: forwarded(settings, 'openSetting'),
});
