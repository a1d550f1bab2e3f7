/** Starts the real programs that tests need, and stops them. */
export { freePort } from './ports.ts';
export { writeTree } from './tree.ts';
