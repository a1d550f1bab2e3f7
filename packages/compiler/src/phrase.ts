import { phrases } from '@sparrow/core';
import { COMPILER_PHRASES_ZH } from './phrases.zh.ts';

/** Marks a sentence for people, so that it is told in their language. */
export const phrase = phrases(COMPILER_PHRASES_ZH);
