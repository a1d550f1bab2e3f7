import type { WxContext } from '../../service/wx/context.ts';
import { asyncFunction, eventPair, service, syncFunction } from '../../service/wx/define.ts';

/** The host tells it before the program starts. */
const battery = ({ events }: WxContext): object => ({ ...(events.last('BatteryStatus') as object) });

export const batteryService = service({
  getBatteryInfo: asyncFunction({}, battery),
  getBatteryInfoSync: syncFunction(battery),
  ...eventPair('BatteryInfoChange'),
});
