import { phrases } from '@sparrow/core';
import { STORE_PHRASES_ZH } from './phrases.zh.ts';

/** Marks a sentence for people, so that it is told in their language. */
export const phrase = phrases(STORE_PHRASES_ZH);
