/** The control plane: session, backends, ingress, logs, files. See README.md. */
export { createDevEvents, type DevEvents } from './dev/dev-events.ts';
export { createDevServer, type DevServer, type DevServerOptions } from './dev/dev-server.ts';
export { lanAddresses } from './dev/lan.ts';
export { portHolder } from './dev/port.ts';
export type { RegisterSimulator, SimulatorDeps } from './dev/simulator-deps.ts';
export { CloudError, type CloudErrorCode } from './errors.ts';
export { ensureDependencies } from './project/dependencies.ts';
export { type Project, readProject } from './project/read-project.ts';
export { isFolderHeld, readRun } from './state/state-folder.ts';
