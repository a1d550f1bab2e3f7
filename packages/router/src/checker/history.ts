/**
 * Judges what happened to messages from what every sender and receiver wrote down. It knows nothing of routers, so it cannot share their
 * mistakes. Times are of one machine's monotonic clock, ms.
 */
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

export interface Window {
  from: number;
  to: number;
}

export interface Verdict {
  violations: string[];
  sent: number;
  received: number;
  refused: number;
  /** State messages that a later one replaced. */
  superseded: number;
  /** Neither received nor refused nor superseded. */
  lost: number;
  /** Of these, sent inside a fault's window. */
  lostInFaults: number;
  /** The longest time in which nothing was received, ms. */
  longestGapMs: number;
}

const MAX_VIOLATIONS = 20;

const pairOf = ({ source, target, lane }: Sent | RefusedEvent | Received): string =>
  `${source}>${target}${lane === 'state' ? ' (state)' : ''}`;

/**
 * @param windows when a fault was under way; loss is allowed only of what was sent in one
 * @param maxLost how many messages may be lost in all
 */
export function checkHistory(events: HistoryEvent[], windows: Window[], maxLost: number): Verdict {
  const violations: string[] = [];
  const violate = (text: string): void => {
    if (violations.length < MAX_VIOLATIONS) violations.push(text);
  };
  const fate = new Map<string, { sent: Sent | undefined; received: number; refused: number }>();
  const of = (event: Sent | RefusedEvent | Received) => {
    const key = `${pairOf(event)}#${event.sequence}`;
    let known = fate.get(key);
    if (!known) fate.set(key, (known = { sent: undefined, received: 0, refused: 0 }));
    return known;
  };
  const owners = new Map<string, string>();
  const lastSequence = new Map<string, number>();
  const counts = { sent: 0, received: 0, refused: 0 };
  let lastReceived: number | undefined;
  let longestGapMs = 0;
  for (const event of [...events].sort((a, b) => a.at - b.at)) {
    if (event.kind === 'owned') {
      const key = `${event.object} at ${event.term}.${event.counter}`;
      const owner = owners.get(key);
      if (owner !== undefined && owner !== event.node) violate(`two owners of ${key}: ${owner} and ${event.node}`);
      owners.set(key, event.node);
      continue;
    }
    counts[event.kind]++;
    const entry = of(event);
    if (event.kind === 'sent') {
      if (entry.sent) violate(`sent twice under one number: ${event.source} > ${event.target} #${event.sequence}`);
      entry.sent = event;
    } else if (event.kind === 'refused') entry.refused++;
    else {
      if (++entry.received > 1) violate(`received twice: ${event.source} > ${event.target} #${event.sequence}`);
      if (event.linkTerm < event.nodeTerm)
        violate(`${event.node} took a frame of term ${event.linkTerm} in term ${event.nodeTerm}`);
      const pair = pairOf(event);
      const last = lastSequence.get(pair) ?? -1;
      if (event.sequence < last) violate(`out of order: ${pair} #${event.sequence} after #${last}`);
      else lastSequence.set(pair, event.sequence);
      const holder = owners.get(`${event.target} at ${event.term}.${event.counter}`);
      if (holder !== undefined && holder !== event.node)
        violate(`${event.node} took a message for ${event.target}, which ${holder} owned in that epoch`);
      if (lastReceived !== undefined) longestGapMs = Math.max(longestGapMs, event.at - lastReceived);
      lastReceived = event.at;
    }
  }
  /** The last state of each pair that came, or of which its source knows that it did not. */
  const lastState = new Map<string, number>();
  for (const { sent, received, refused } of fate.values())
    if (sent?.lane === 'state' && received + refused > 0)
      lastState.set(pairOf(sent), Math.max(sent.sequence, lastState.get(pairOf(sent)) ?? -1));
  let superseded = 0;
  let lost = 0;
  let lostInFaults = 0;
  for (const [key, { sent, received, refused }] of fate) {
    if (!sent) {
      violate(`never sent: ${key}`);
      continue;
    }
    if (received > 0 && refused > 0) violate(`received and refused: ${key}`);
    if (received > 0 || refused > 0) continue;
    if (sent.lane === 'state' && sent.sequence < (lastState.get(pairOf(sent)) ?? -1)) {
      superseded++;
      continue;
    }
    lost++;
    if (windows.some((window) => sent.at >= window.from && sent.at <= window.to)) lostInFaults++;
    else violate(`lost without a fault: ${key} at ${Math.round(sent.at)}`);
  }
  if (lost > maxLost) violate(`${lost} messages were lost, at most ${maxLost} may be`);
  return { violations, ...counts, superseded, lost, lostInFaults, longestGapMs };
}
