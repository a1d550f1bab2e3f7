import { join } from 'node:path';

/** Folder of Sparrow itself: the browser parts, the examples and the sdk are found from here. */
export const REPOSITORY = join(import.meta.dirname, '../../..');
