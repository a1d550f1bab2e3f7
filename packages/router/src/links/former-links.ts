import type { Clock } from '@sparrow/core';
import { FrameView } from '../frames/frame.ts';
import type { Identity, Link } from './link.ts';

/** How long it is known how far a link that fell had come. */
const REMEMBER_MS = 60_000;

export interface FormerLinksParts {
  clock: Clock;
  /** A link that is not back by then is given up: sources of what it did not carry are told. */
  graceMs: number;
  /**
   * A frame that the link did not carry. UNREACHABLE: it never left. TIMEOUT: it was given to the wire, and nobody can
   * say whether it arrived.
   */
  refuse(frame: FrameView, code: 'UNREACHABLE' | 'TIMEOUT'): void;
}

/** Links that fell, until the next one of the same two ends goes on where they stopped. */
export class FormerLinks {
  readonly #parts: FormerLinksParts;
  readonly #links = new Map<string, { link: Link; cancel: () => void }>();

  constructor(parts: FormerLinksParts) {
    this.#parts = parts;
  }

  /** A link fell. */
  remember(link: Link): void {
    const { clock, graceMs } = this.#parts;
    if (link.other.role === 'admin') return;
    const forget = (): void => void this.#links.delete(link.id);
    const entry = {
      link,
      cancel: clock.after(graceMs, () => {
        this.#refuse(link);
        entry.cancel = clock.after(REMEMBER_MS, forget);
      }),
    };
    this.#links.set(link.id, entry);
  }

  /** The link of this id, when it was with the same start of the same other end. */
  find(id: string, other: Identity): Link | undefined {
    const link = this.#links.get(id)?.link;
    return link && isSame(link.other, other) ? link : undefined;
  }

  /** The last one to this end. */
  latest({ set, name }: { set: string; name: string }): Link | undefined {
    let found: Link | undefined;
    for (const { link } of this.#links.values()) if (link.other.set === set && link.other.name === name) found = link;
    return found;
  }

  /** The other end will not come back: its sources need not wait. */
  giveUp(other: { set: string; name: string; incarnation: string }): void {
    for (const { link } of this.#links.values()) if (isSame(link.other, other)) this.#refuse(link);
  }

  #refuse(link: Link): void {
    const view = new FrameView();
    for (const { frame, wasWritten } of link.takeUndelivered())
      this.#parts.refuse(view.at(frame), wasWritten ? 'TIMEOUT' : 'UNREACHABLE');
  }

  close(): void {
    for (const { cancel } of this.#links.values()) cancel();
    this.#links.clear();
  }
}

const isSame = (
  a: { set: string; name: string; incarnation: string },
  b: { set: string; name: string; incarnation: string },
): boolean => a.set === b.set && a.name === b.name && a.incarnation === b.incarnation;
