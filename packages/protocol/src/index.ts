/**
 * Contracts between the parts of Sparrow: types and constants only. The zod schemas are in `@sparrow/protocol/schemas`.
 */
export * from './access.ts';
export * from './app-config.ts';
export * from './bridge.ts';
export * from './builtin-components.ts';
export * from './chinese.ts';
export * from './commands.ts';
export * from './devices.ts';
export * from './diagnostics.ts';
export * from './environment.ts';
export * from './http.ts';
export * from './package-format.ts';
export * from './problems.ts';
export * from './project.ts';
export * from './records.ts';
export * from './session.ts';
export * from './simulator.ts';
export * from './trace.ts';
export * from './tunnel.ts';
export * from './user-info.ts';
