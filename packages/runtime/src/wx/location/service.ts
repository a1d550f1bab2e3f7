import { eventPair, forwarded, service } from '../../service/wx/define.ts';
import { locationContract as location } from './contract.ts';

export const locationService = service({
  getLocation: forwarded(location, 'getLocation', { type: 'wgs84', altitude: false, isHighAccuracy: false }),
  getFuzzyLocation: forwarded(location, 'getFuzzyLocation', { type: 'wgs84' }),
  chooseLocation: forwarded(location, 'chooseLocation'),
  choosePoi: forwarded(location, 'choosePoi'),
  openLocation: forwarded(location, 'openLocation', { name: '', address: '', scale: 18 }),
  startLocationUpdate: forwarded(location, 'startLocationUpdate', { type: 'gcj02' }),
  startLocationUpdateBackground: forwarded(location, 'startLocationUpdateBackground', { type: 'gcj02' }),
  stopLocationUpdate: forwarded(location, 'stopLocationUpdate'),
  ...eventPair('LocationChange'),
  ...eventPair('LocationChangeError'),
});
