export { createDeviceHandlers } from './device.ts';
export * from './dispatch.ts';
export { createMediaHandlers } from './media.ts';
export { createNetworkHandlers } from './network.ts';
export { createProgramFiles, type ProgramFiles } from './program-files.ts';
export { RelayClient, type RelayOptions } from './relay-client.ts';
export { createSettingsHandlers, type Scope } from './settings.ts';
export { createStorage, type Storage } from './storage.ts';
export { openUserFiles } from './user-files.ts';
