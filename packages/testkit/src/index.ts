/** Starts the real programs that tests need, and stops them. */
export { findChromium, launchBrowser } from './browser.ts';
export { freePort } from './ports.ts';
export { writeTree } from './tree.ts';
