import type { LogLine, NetworkEntry, PhoneMessage, TraceEntry } from '@sparrow/protocol';

/** What the panel keeps, with the phone it came from. `id` tells entries apart, and counts them. */
export interface PanelLog extends LogLine {
  id: number;
  phone: string;
}
export interface PanelTrace extends TraceEntry {
  id: number;
}
export interface PanelNetwork extends NetworkEntry {
  phone: string;
}

/** Messages that are shown at one time: more would keep the console from answering. */
const AT_ONCE = 100;
/** Messages that wait to be shown. */
const MAX_WAITING = 3_000;

/** Messages of phones on their way into the panel: some at a time, and no more than somebody could read. */
export function createIntake(): { add(message: PhoneMessage): void; take(): PhoneMessage[]; readonly size: number } {
  let waiting: PhoneMessage[] = [];
  return {
    add(message) {
      waiting.push(message);
      const excess = waiting.length - MAX_WAITING;
      if (excess <= 0) return;
      // Lines that nobody has seen go; what says how a phone or the server is stays.
      const kept = waiting.slice(excess + AT_ONCE);
      waiting = [...waiting.slice(0, excess + AT_ONCE).filter(({ log, trace }) => !log && !trace), ...kept];
    },
    take: () => waiting.splice(0, AT_ONCE),
    get size() {
      return waiting.length;
    },
  };
}

/** Lines of a stack that came one by one, as a backend prints them: `    at f (file:1:2)`, `  ... 4 lines`, `}`. */
const STACK_LINE = /^\s+(at |\.{3} \d+ )/;

/** The same lines, with those of a stack under the line that they belong to. */
export function groupStacks(lines: readonly PanelLog[]): PanelLog[] {
  const groups: PanelLog[] = [];
  for (const line of lines) {
    const head = groups.at(-1);
    if (head && STACK_LINE.test(line.text) && head.source === line.source && head.phone === line.phone)
      groups[groups.length - 1] = { ...head, stack: head.stack ? `${head.stack}\n${line.text}` : line.text };
    else groups.push(line);
  }
  return groups;
}

/**
 * A body as people read it: JSON on lines of its own, also behind the word of a tunnel's packet; anything else as it
 * is.
 */
export function pretty(body: string): string {
  const [, word = '', json] = /^([a-z]{0,20}:)?(\s*[[{][\s\S]*)$/.exec(body) ?? [];
  if (json === undefined) return body;
  try {
    return word + JSON.stringify(JSON.parse(json), null, 2);
  } catch {
    return body;
  }
}

export const clock = (time: number): string => new Date(time).toTimeString().slice(0, 8);

/** Characters of a message, for people: `812`, `12.4 k`. */
export const sizeText = (size: number): string => (size < 1_000 ? String(size) : `${(size / 1_000).toFixed(1)} k`);
