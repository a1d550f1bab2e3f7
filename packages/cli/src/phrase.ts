import { phrases } from '@sparrow/core';
import { CLI_PHRASES_ZH } from './phrases.zh.ts';

/** Marks a sentence for people, so that it is told in their language. */
export const phrase = phrases(CLI_PHRASES_ZH);
