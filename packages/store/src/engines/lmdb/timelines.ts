import { createId } from '@sparrow/core';
import type { RootDatabase } from 'lmdb';
import { StoreError } from '../../errors.ts';
import { phrase } from '../../phrase.ts';
import { SPACE, spaced } from './layout.ts';

/**
 * A timeline is one life of a store's changes. A store that was never restored is on the first one, whose id is empty.
 * A restore begins another one: it has the changes of its parent up to a number, and goes on by itself from there. So a
 * number alone does not name a change, but a timeline and a number do: archives and positions of feeds carry both.
 */
export interface Timeline {
  id: string;
  /** The timeline it began from. */
  parent: string;
  /** The last change that both have. */
  sequence: number;
  /** The last revision that both have. */
  rev: number;
  /** Milliseconds UTC at which it began. */
  at: number;
}

export const FIRST_TIMELINE = '';

const KEY = spaced(SPACE.meta, Buffer.from('timelines'));

type Database = Pick<RootDatabase<Buffer, Buffer>, 'getBinary' | 'put'>;

/** The timelines of a store behind the first one, oldest first. */
export function readTimelines(db: Pick<Database, 'getBinary'>): Timeline[] {
  const text = db.getBinary(KEY)?.toString('utf8');
  return text === undefined ? [] : (JSON.parse(text) as Timeline[]);
}

export const presentOf = (chain: readonly Timeline[]): string => chain.at(-1)?.id ?? FIRST_TIMELINE;

/** Begins a timeline where the store stands, behind those of `chain`. Resolves to the longer chain when LMDB has it. */
export async function beginTimeline(
  db: Pick<Database, 'put'>,
  from: { chain: readonly Timeline[]; sequence: number; rev: number; now: number },
): Promise<Timeline[]> {
  const { chain, sequence, rev, now } = from;
  const id = createId('tml', now).toLowerCase();
  const next = [...chain, { id, parent: presentOf(chain), sequence, rev, at: now }];
  await db.put(KEY, Buffer.from(JSON.stringify(next)));
  return next;
}

/**
 * A position in a feed as text: the timeline, unless it is the first one, and the number of the last change that was
 * read.
 */
export const writePosition = (chain: readonly Timeline[], number: number): string => {
  const id = presentOf(chain);
  return id === FIRST_TIMELINE ? String(number) : `${id}.${number}`;
};

/**
 * The number of a position, when everything up to it happened on this timeline, too.
 *
 * @throws StoreError CURSOR_INVALID, and FEED_GONE when the reader has seen changes that a restore took back
 */
export function readPosition(chain: readonly Timeline[], position: string): number {
  const [, id = FIRST_TIMELINE, digits] = /^(?:(tml_[0-9a-z]{26})\.)?(\d{1,16})$/.exec(position) ?? [];
  const number = Number(digits);
  if (digits === undefined || !Number.isSafeInteger(number))
    throw new StoreError('CURSOR_INVALID', phrase`this is no position of an embedded store`, {
      hint: phrase`begin without one`,
    });
  const at = id === FIRST_TIMELINE ? 0 : chain.findIndex((timeline) => timeline.id === id) + 1;
  const left = id !== FIRST_TIMELINE && at === 0 ? undefined : chain[at];
  const known = id === FIRST_TIMELINE || at > 0;
  if (known && (left === undefined || number <= left.rev)) return number;
  throw new StoreError(
    'FEED_GONE',
    phrase`the store was restored to a time before changes that this position has seen`,
    {
      hint: phrase`read the table anew, then go on from the beginning of the feed`,
    },
  );
}
