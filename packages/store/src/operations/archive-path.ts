import { join } from 'node:path';
import { decodePayload } from '../engines/lmdb/layout.ts';
import { FIRST_TIMELINE, type Timeline } from '../engines/lmdb/timelines.ts';
import { StoreError } from '../errors.ts';
import { phrase } from '../phrase.ts';
import { archivedTimelines, filesOf, readRecords } from './archive-files.ts';

export interface ArchivedChange {
  timeline: string;
  sequence: number;
  /** Milliseconds UTC. */
  at: number;
  entries: { key: Buffer; value: Buffer | undefined }[];
}

/** The way through an archive from a place on one timeline to the end of another. */
export interface ArchivePath {
  /**
   * The timelines on the way, each up to where the next one began, and what the archive knows of those behind the
   * first.
   */
  parts: { timeline: string; upTo: number; began?: Timeline }[];
  /** The timeline at its end. */
  timeline: string;
  /** Timelines that began later and do not come from the place where the way begins. */
  passedOver: string[];
}

export interface PathRequest {
  /** Where the way begins. Default: the beginning of the first timeline. */
  from?: { timeline: string; sequence: number };
  /** Milliseconds UTC: timelines that began later are not followed. Default: none is too late. */
  until?: number;
  /** The timeline to follow. Default: the one that began last, of those that come from `from`. */
  timeline?: string;
}

/** @throws StoreError BACKUP_INVALID when the timeline does not come from the place */
export function planPath(dir: string, request: PathRequest): ArchivePath {
  const { from = { timeline: FIRST_TIMELINE, sequence: 0 }, until = Number.POSITIVE_INFINITY } = request;
  const known = archivedTimelines(dir);
  const begun = known.filter(({ at }) => at <= until);
  if (request.timeline !== undefined) {
    const parts = partsTo(known, from, request.timeline);
    if (parts) return { parts, timeline: request.timeline, passedOver: [] };
    throw new StoreError('BACKUP_INVALID', phrase`timeline ${request.timeline} does not come from this backup`, {
      hint: phrase`\`sparrow store archive\` shows the timelines; use a backup that is older than where it began`,
    });
  }
  const passedOver: string[] = [];
  for (const { id } of [...begun].reverse()) {
    const parts = partsTo(known, from, id);
    if (parts) return { parts, timeline: id, passedOver };
    passedOver.push(id);
  }
  const rest = passedOver.filter((id) => id !== from.timeline);
  return {
    parts: [{ timeline: from.timeline, upTo: Number.POSITIVE_INFINITY }],
    timeline: from.timeline,
    passedOver: rest,
  };
}

/** The parts from a place to the end of a timeline; undefined when the timeline left the way before the place. */
function partsTo(
  known: readonly Timeline[],
  from: { timeline: string; sequence: number },
  target: string,
): ArchivePath['parts'] | undefined {
  const parts: ArchivePath['parts'] = [];
  let id = target;
  let upTo = Number.POSITIVE_INFINITY;
  for (;;) {
    if (id === from.timeline) {
      parts.unshift({ timeline: id, upTo });
      return upTo >= from.sequence ? parts : undefined;
    }
    const own = known.find((timeline) => timeline.id === id);
    if (!own) return undefined;
    parts.unshift({ timeline: id, upTo, began: own });
    id = own.parent;
    upTo = Math.min(upTo, own.sequence);
  }
}

/** The changes behind number `after` on a way through the archive, in order. @throws StoreError BACKUP_INVALID */
export async function* readArchive(
  dir: string,
  after: number,
  path: Pick<ArchivePath, 'parts'> = planPath(dir, { from: { timeline: FIRST_TIMELINE, sequence: after } }),
): AsyncGenerator<ArchivedChange> {
  let last = after;
  for (const { timeline, upTo } of path.parts) {
    const files = await filesOf(dir, timeline);
    for (const [i, { name }] of files.entries()) {
      const next = files[i + 1];
      if (next !== undefined && next.first <= last + 1) continue;
      for (const { sequence, at, payload } of await readRecords(join(dir, name))) {
        if (sequence <= last || sequence > upTo) continue;
        last = sequence;
        yield { timeline, sequence, at, entries: decodePayload(payload) };
      }
    }
  }
}
