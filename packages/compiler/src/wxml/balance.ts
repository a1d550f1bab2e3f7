import type { Phrase } from '@sparrow/core';
import { phrase } from '../phrase.ts';
import type { Tag, WxmlPart } from './scan.ts';

/** A tag that does not fit, and its offset in the file. */
export interface Misfit {
  message: Phrase;
  at: number;
}

/** The first tag that goes on where another one begins: its > is missing, or a quote in it. */
export function firstUnclosed(parts: readonly WxmlPart[]): Misfit | undefined {
  for (const part of parts) {
    if ((part.type === 'start' || part.type === 'end') && part.swallowsTag)
      return {
        message: phrase`the next tag begins inside of <${part.name}>: a > or a quote is missing`,
        at: part.start,
      };
  }
  return undefined;
}

/**
 * The first tag by which begin and end do not fit, which is the cause of whatever a parser says after it.
 *
 * @param childless elements that need no end tag
 */
export function firstMismatch(parts: readonly WxmlPart[], childless: ReadonlySet<string>): Misfit | undefined {
  const open: Tag[] = [];
  const counts = new Map<string, number>();
  const count = (name: string, by: number): void => void counts.set(name, (counts.get(name) ?? 0) + by);
  const pop = (): void => {
    const tag = open.pop();
    if (tag) count(tag.name, -1);
  };
  const skipChildless = (name: string): void => {
    for (let top = open.at(-1); top && top.name !== name && childless.has(top.name); top = open.at(-1)) pop();
  };
  for (const part of parts) {
    if (part.type === 'start' && !part.selfClosing) {
      open.push(part);
      count(part.name, 1);
    }
    if (part.type !== 'end') continue;
    skipChildless(part.name);
    const top = open.at(-1);
    if (!top) return { message: phrase`</${part.name}> closes nothing`, at: part.start };
    if (top.name === part.name) pop();
    else if ((counts.get(part.name) ?? 0) > 0) return missing(top);
    else return { message: phrase`</${part.name}> stands where </${top.name}> is expected`, at: part.start };
  }
  skipChildless('');
  const last = open.at(-1);
  return last && missing(last);
}

function missing(tag: Tag): Misfit {
  return { message: phrase`<${tag.name}> has no end tag </${tag.name}>`, at: tag.start };
}
