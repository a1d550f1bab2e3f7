export * from './dispatch.ts';
export { createDeviceHandlers } from './device.ts';
export { createMediaHandlers } from './media.ts';
export { createNetworkHandlers } from './network.ts';
export { type RelayOptions, RelayClient } from './relay-client.ts';
export { createStorage, type Storage } from './storage.ts';
