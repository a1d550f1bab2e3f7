/** Every domain that has something to say to the host. A new one stands here, in `service/wx/domains.ts` and in `native/hosts.ts`. */
import { audioContract } from './audio/contract.ts';
import { barsContract } from './bars/contract.ts';
import { baseContract } from './base/contract.ts';
import { batteryContract } from './battery/contract.ts';
import { contactsContract } from './contacts/contract.ts';
import type { CallSpec, EventsOf, ParamsOf, ProgressOf, ResultOf } from './contract.ts';
import { developerContract } from './developer/contract.ts';
import { deviceContract } from './device/contract.ts';
import { documentsContract } from './documents/contract.ts';
import { filesContract } from './files/contract.ts';
import { fontsContract } from './fonts/contract.ts';
import { locationContract } from './location/contract.ts';
import { mediaContract } from './media/contract.ts';
import { miniprogramContract } from './miniprogram/contract.ts';
import { networkContract } from './network/contract.ts';
import { pageContract } from './page/contract.ts';
import { recorderContract } from './recorder/contract.ts';
import { routeContract } from './route/contract.ts';
import { scanContract } from './scan/contract.ts';
import { screenContract } from './screen/contract.ts';
import { sensorsContract } from './sensors/contract.ts';
import { settingsContract } from './settings/contract.ts';
import { socketContract } from './socket/contract.ts';
import { storageContract } from './storage/contract.ts';
import { uiContract } from './ui/contract.ts';
import { userContract } from './user/contract.ts';
import { videoContract } from './video/contract.ts';

export const CONTRACTS = {
  audio: audioContract,
  bars: barsContract,
  base: baseContract,
  developer: developerContract,
  device: deviceContract,
  documents: documentsContract,
  files: filesContract,
  fonts: fontsContract,
  media: mediaContract,
  miniprogram: miniprogramContract,
  network: networkContract,
  page: pageContract,
  recorder: recorderContract,
  route: routeContract,
  settings: settingsContract,
  socket: socketContract,
  storage: storageContract,
  battery: batteryContract,
  contacts: contactsContract,
  location: locationContract,
  scan: scanContract,
  screen: screenContract,
  sensors: sensorsContract,
  ui: uiContract,
  user: userContract,
  video: videoContract,
} as const;

export type DomainName = keyof typeof CONTRACTS;
type Declared = (typeof CONTRACTS)[DomainName];
type Together<U> = (U extends unknown ? (each: U) => void : never) extends (all: infer I) => void ? I : never;

/** Every call by its name. */
export type Calls = Together<Declared['calls']>;
export type CallName = keyof Calls & string;
export type CallParams<K extends CallName> = ParamsOf<Calls[K]>;
export type CallResult<K extends CallName> = ResultOf<Calls[K]>;
export type CallProgress<K extends CallName> = ProgressOf<Calls[K]>;

/** Every event that the host tells, by the name of `wx.onX` without `on`. */
export type HostEvents = Together<EventsOf<Declared>>;
export type HostEvent = keyof HostEvents & string;

const SPECS: ReadonlyMap<string, { domain: DomainName; spec: CallSpec }> = new Map(
  Object.entries(CONTRACTS).flatMap(([domain, { calls }]) =>
    Object.entries(calls).map(
      ([name, spec]) => [name, { domain: domain as DomainName, spec: spec as CallSpec }] as const,
    ),
  ),
);

/** The declaration of a call and the domain that it belongs to; undefined when there is none. */
export const callSpec = (name: string): { domain: DomainName; spec: CallSpec } | undefined => SPECS.get(name);
