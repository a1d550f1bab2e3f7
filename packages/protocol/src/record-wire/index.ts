/**
 * Both ends of the record service: frames, tagged values, and messages from their description. Node only; imports
 * nothing from outside of this package, because the packed SDK carries these files along.
 */
export * from '../record-codec/index.ts';
export * from '../records.ts';
export * from './description.ts';
export * from './frames.ts';
export * from './tagged.ts';
