import { contract } from '../contract.ts';
import { flag, number } from '../schema.ts';

/** The battery: simulated, set in the surroundings of the phone. */
export const batteryContract = contract({
  calls: {},
  events: {
    /** What the battery is like, told at the start and after each change; `wx.getBatteryInfo` answers with it. Percent. */
    BatteryStatus: { level: number(), isCharging: flag(), isLowPowerModeEnabled: flag() },
    BatteryInfoChange: { isLowPowerModeEnabled: flag() },
  },
});
