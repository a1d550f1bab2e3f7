import { type CallName, CONTRACTS, callSpec, type DomainName } from '../wx/contracts.ts';
import { createDeveloperHost } from '../wx/developer/host.ts';
import { createFilesHost } from '../wx/files/host.ts';
import { createRouteHost } from '../wx/route/host.ts';
import { createStorageHost } from '../wx/storage/host.ts';
import { createUiHost } from '../wx/ui/host.ts';
import type { NativeHandlers } from './dispatch.ts';
import { NativeFailure } from './failure.ts';
import type { HostHalf } from './host-half.ts';
import { createParts } from './parts.ts';
import type { Phone } from './phone.ts';

type Create<D extends DomainName> = (phone: Phone) => HostHalf<(typeof CONTRACTS)[D]>;

/**
 * Every program needs these when it starts, loses what it wrote when its page is closed at once, or has a user who waits
 * for a sheet to open.
 */
const AT_ONCE = {
  developer: createDeveloperHost,
  files: createFilesHost,
  route: createRouteHost,
  storage: createStorageHost,
  ui: createUiHost,
} satisfies { [D in DomainName]?: Create<D> };

/** The others are loaded when one of their calls is first made. A domain without calls has no host half. */
const LATER = {
  audio: async () => (await import('../wx/audio/host.ts')).createAudioHost,
  bars: async () => (await import('../wx/bars/host.ts')).createBarsHost,
  device: async () => (await import('../wx/device/host.ts')).createDeviceHost,
  documents: async () => (await import('../wx/documents/host.ts')).createDocumentsHost,
  fonts: async () => (await import('../wx/fonts/host.ts')).createFontsHost,
  miniprogram: async () => (await import('../wx/miniprogram/host.ts')).createMiniprogramHost,
  media: async () => (await import('../wx/media/host.ts')).createMediaHost,
  network: async () => (await import('../wx/network/host.ts')).createNetworkHost,
  page: async () => (await import('../wx/page/host.ts')).createPageHost,
  recorder: async () => (await import('../wx/recorder/host.ts')).createRecorderHost,
  settings: async () => (await import('../wx/settings/host.ts')).createSettingsHost,
  socket: async () => (await import('../wx/socket/host.ts')).createSocketHost,
  contacts: async () => (await import('../wx/contacts/host.ts')).createContactsHost,
  location: async () => (await import('../wx/location/host.ts')).createLocationHost,
  scan: async () => (await import('../wx/scan/host.ts')).createScanHost,
  screen: async () => (await import('../wx/screen/host.ts')).createScreenHost,
  sensors: async () => (await import('../wx/sensors/host.ts')).createSensorsHost,
  user: async () => (await import('../wx/user/host.ts')).createUserHost,
  video: async () => (await import('../wx/video/host.ts')).createVideoHost,
} satisfies { [D in Exclude<DomainName, keyof typeof AT_ONCE | 'base' | 'battery'>]: () => Promise<Create<D>> };

type LaterName = keyof typeof LATER;

/** How long a call waits for its part. Milliseconds. */
const LOAD_MS = 15_000;

/** The host halves of one phone. */
export interface Hosts {
  readonly handlers: NativeHandlers;
  /** Loads what a call needs; undefined when it is there, or could not be had just now. */
  loading(name: CallName): Promise<unknown> | undefined;
}

export function createHosts(phone: Phone): Hosts {
  const handlers: Record<string, unknown> = {};
  let isClosed = false;
  phone.onClose(() => {
    isClosed = true;
  });
  const parts = createParts<LaterName>(async (domain) => {
    const create = await LATER[domain]();
    if (!isClosed) Object.assign(handlers, create(phone));
  }, LOAD_MS);

  for (const create of Object.values(AT_ONCE)) Object.assign(handlers, create(phone));
  for (const [domain, { calls }] of Object.entries(CONTRACTS))
    for (const name of Object.keys(calls))
      handlers[name] ??= () => {
        parts.missed(domain as LaterName);
        throw new NativeFailure('this part of the phone could not be loaded');
      };

  return {
    handlers: handlers as unknown as NativeHandlers,
    loading(name) {
      const domain = callSpec(name)?.domain;
      return domain && Object.hasOwn(LATER, domain) ? parts.need(domain as LaterName) : undefined;
    },
  };
}
