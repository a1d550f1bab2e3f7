export type { HostEvent, HostEvents } from '../wx/contracts.ts';
export type { DebugResult, LogEntry, ProblemEntry, ReportEntry } from '../wx/developer/contract.ts';
export { createDispatcher } from './dispatch.ts';
export { h } from './dom.ts';
export { NativeFailure } from './failure.ts';
export { createHosts } from './hosts.ts';
export { createNetworkLog } from './network-log.ts';
export { createPermissions } from './permissions.ts';
export type * from './phone.ts';
export { createProgramFiles, type ProgramFiles } from './program-files.ts';
export { RelayClient, type RelayOptions } from './relay-client.ts';
export type * from './screen.ts';
export { createStorage, type Storage } from './storage.ts';
export {
  createSurroundings,
  type Surroundings,
  type SurroundingsChange,
  type SurroundingsState,
} from './surroundings.ts';
export { openUserFiles, type UserFiles } from './user-files.ts';
