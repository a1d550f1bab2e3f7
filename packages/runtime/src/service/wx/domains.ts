/** The service halves of `wx`, each created when the first of its functions is read. */
import { animationService } from '../../wx/animation/service.ts';
import { audioService } from '../../wx/audio/service.ts';
import { barsService } from '../../wx/bars/service.ts';
import { baseService } from '../../wx/base/service.ts';
import { batteryService } from '../../wx/battery/service.ts';
import { canvasService } from '../../wx/canvas/service.ts';
import { contactsService } from '../../wx/contacts/service.ts';
import { developerService } from '../../wx/developer/service.ts';
import { deviceService } from '../../wx/device/service.ts';
import { documentsService } from '../../wx/documents/service.ts';
import { encodingService } from '../../wx/encoding/service.ts';
import { filesService } from '../../wx/files/service.ts';
import { fontsService } from '../../wx/fonts/service.ts';
import { lifecycleService } from '../../wx/lifecycle/service.ts';
import { locationService } from '../../wx/location/service.ts';
import { mapService } from '../../wx/map/service.ts';
import { mediaService } from '../../wx/media/service.ts';
import { miniprogramService } from '../../wx/miniprogram/service.ts';
import { networkService } from '../../wx/network/service.ts';
import { pageService } from '../../wx/page/service.ts';
import { queryService } from '../../wx/query/service.ts';
import { recorderService } from '../../wx/recorder/service.ts';
import { routeService } from '../../wx/route/service.ts';
import { scanService } from '../../wx/scan/service.ts';
import { screenService } from '../../wx/screen/service.ts';
import { sensorsService } from '../../wx/sensors/service.ts';
import { settingsService } from '../../wx/settings/service.ts';
import { shareService } from '../../wx/share/service.ts';
import { socketService } from '../../wx/socket/service.ts';
import { storageService } from '../../wx/storage/service.ts';
import { uiService } from '../../wx/ui/service.ts';
import { userService } from '../../wx/user/service.ts';
import { videoService } from '../../wx/video/service.ts';
import { workerService } from '../../wx/worker/service.ts';
import type { WxService } from './define.ts';

export const SERVICES: readonly WxService[] = [
  animationService,
  audioService,
  barsService,
  baseService,
  canvasService,
  developerService,
  deviceService,
  documentsService,
  encodingService,
  filesService,
  mapService,
  fontsService,
  lifecycleService,
  mediaService,
  miniprogramService,
  networkService,
  pageService,
  queryService,
  recorderService,
  routeService,
  settingsService,
  shareService,
  socketService,
  storageService,
  batteryService,
  contactsService,
  locationService,
  scanService,
  screenService,
  sensorsService,
  uiService,
  userService,
  videoService,
  workerService,
];

/** Every function that Sparrow has; the coverage table is made of these. */
export const implementedNames = (): Set<string> => new Set(SERVICES.flatMap(({ names }) => names));
