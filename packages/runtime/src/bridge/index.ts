export * from './channel.ts';
export * from './endpoint.ts';
export * from './preview.ts';
export * from './program-file.ts';
export * from './tree-codec.ts';
export * from './tree-ops.ts';
