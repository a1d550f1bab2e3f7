import { phrases } from '@sparrow/core';
import { ROUTER_PHRASES_ZH } from './phrases.zh.ts';

/** Marks a sentence for people, so that it is told in their language. */
export const phrase = phrases(ROUTER_PHRASES_ZH);
