/** A state message may be replaced by a later one; it has an order of its own. Absent: the lane of calls. */
export type Lane = 'state';

export interface Sent {
  kind: 'sent';
  at: number;
  source: string;
  target: string;
  /** Counts up by one for each message of this source to this target and lane. */
  sequence: number;
  lane?: Lane;
}
export interface RefusedEvent {
  kind: 'refused';
  at: number;
  source: string;
  target: string;
  sequence: number;
  lane?: Lane;
  code: string;
}
export interface Received {
  kind: 'received';
  at: number;
  source: string;
  target: string;
  sequence: number;
  lane?: Lane;
  /** Which process had the object. */
  node: string;
  /** Epoch in which the process held the object. */
  term: number;
  counter: number;
  /** Term that the node took for the highest when the frame came. */
  nodeTerm: number;
  /** Term of the router that the frame came from. */
  linkTerm: number;
}
export interface Owned {
  kind: 'owned';
  at: number;
  object: string;
  node: string;
  term: number;
  counter: number;
}
export type HistoryEvent = Sent | RefusedEvent | Received | Owned;

export interface Verdict {
  violations: string[];
  sent: number;
  received: number;
  refused: number;
  /** State messages that a later one replaced. */
  superseded: number;
  /** Neither received nor refused nor superseded. */
  lost: number;
  /** The longest time in which nothing was received, ms. */
  longestGapMs: number;
}

const MAX_VIOLATIONS = 20;

const pairOf = ({ source, target, lane }: Sent | RefusedEvent | Received): string =>
  `${source}>${target}${lane === 'state' ? ' (state)' : ''}`;

interface Fate {
  sent: Sent | undefined;
  received: number;
  refused: number;
  /** Of the refusals: those that say that nobody knows whether it arrived. */
  unknown: number;
}

/**
 * Judges what happened to messages from what every sender and receiver wrote down. It knows nothing of routers, so it
 * cannot share their mistakes. Times are of one machine's monotonic clock, ms.
 *
 * A message may be lost only in the memory of a router that died: it was sent before that, and nothing that was sent
 * later from the same source to the same target had arrived by then, for messages keep their order.
 *
 * @param deaths when a router that led died, or stood still to be killed
 */
export function checkMessageHistory(events: HistoryEvent[], deaths: number[] = []): Verdict {
  const violations: string[] = [];
  const violate = (text: string): void => {
    if (violations.length < MAX_VIOLATIONS) violations.push(text);
  };
  const sorted = [...events].sort((a, b) => a.at - b.at);
  const owners = new Map<string, string>();
  for (const event of sorted) {
    if (event.kind !== 'owned') continue;
    const key = `${event.object} at ${event.term}.${event.counter}`;
    const owner = owners.get(key);
    if (owner !== undefined && owner !== event.node) violate(`two owners of ${key}: ${owner} and ${event.node}`);
    owners.set(key, event.node);
  }
  const fates = new Map<string, Fate>();
  const counts = { sent: 0, received: 0, refused: 0 };
  const arrivals = new Arrivals();
  for (const event of sorted) {
    if (event.kind === 'owned') continue;
    counts[event.kind]++;
    const key = `${pairOf(event)}#${event.sequence}`;
    const fate = fates.get(key) ?? { sent: undefined, received: 0, refused: 0, unknown: 0 };
    fates.set(key, fate);
    if (event.kind === 'sent') {
      if (fate.sent) violate(`sent twice under one number: ${event.source} > ${event.target} #${event.sequence}`);
      fate.sent = event;
    } else if (event.kind === 'refused') {
      fate.refused++;
      if (event.code === 'TIMEOUT') fate.unknown++;
    } else {
      if (++fate.received > 1) violate(`received twice: ${event.source} > ${event.target} #${event.sequence}`);
      checkTerms(event, owners, violate);
      const last = arrivals.add(event);
      if (event.sequence < last) violate(`out of order: ${pairOf(event)} #${event.sequence} after #${last}`);
    }
  }
  const lastState = lastStates(fates);
  let superseded = 0;
  let lost = 0;
  for (const [key, { sent, received, refused, unknown }] of fates) {
    if (!sent) {
      violate(`never sent: ${key}`);
      continue;
    }
    if (received > 0 && refused > unknown) violate(`received and refused: ${key}`);
    if (received > 0 || refused > 0) continue;
    if (sent.lane === 'state' && sent.sequence < (lastState.get(pairOf(sent)) ?? -1)) {
      superseded++;
      continue;
    }
    lost++;
    if (!deaths.some((death) => sent.at <= death && arrivals.lastBefore(pairOf(sent), death) < sent.sequence))
      violate(`lost without a fault: ${key} at ${Math.round(sent.at)}`);
  }
  return { violations, ...counts, superseded, lost, longestGapMs: arrivals.longestGapMs };
}

function checkTerms(event: Received, owners: Map<string, string>, violate: (text: string) => void): void {
  if (event.linkTerm < event.nodeTerm)
    violate(`${event.node} took a frame of term ${event.linkTerm} in term ${event.nodeTerm}`);
  const holder = owners.get(`${event.target} at ${event.term}.${event.counter}`);
  if (holder !== undefined && holder !== event.node)
    violate(`${event.node} took a message for ${event.target}, which ${holder} owned in that epoch`);
}

/** What came of each pair, in the order in which it came. */
class Arrivals {
  longestGapMs = 0;
  #lastAt: number | undefined;
  readonly #byPair = new Map<string, { at: number; highest: number }[]>();

  /** The highest number that came before; -1 when there is none. */
  add(event: Received): number {
    if (this.#lastAt !== undefined) this.longestGapMs = Math.max(this.longestGapMs, event.at - this.#lastAt);
    this.#lastAt = event.at;
    const pair = pairOf(event);
    const known = this.#byPair.get(pair) ?? [];
    this.#byPair.set(pair, known);
    const last = known.at(-1)?.highest ?? -1;
    known.push({ at: event.at, highest: Math.max(last, event.sequence) });
    return last;
  }

  lastBefore(pair: string, at: number): number {
    return this.#byPair.get(pair)?.findLast((one) => one.at < at)?.highest ?? -1;
  }
}

/** The last state of each pair that came, or of which its source knows that it did not. */
function lastStates(fates: Map<string, Fate>): Map<string, number> {
  const last = new Map<string, number>();
  for (const { sent, received, refused } of fates.values())
    if (sent?.lane === 'state' && received + refused > 0)
      last.set(pairOf(sent), Math.max(sent.sequence, last.get(pairOf(sent)) ?? -1));
  return last;
}
