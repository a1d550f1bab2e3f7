import type { NetworkEntry, SocketFrame } from '@sparrow/protocol';

/** Bodies are shown up to this many characters. */
const MAX_BODY = 4_000;
/** Frames that are kept of one socket, and how often the panel hears of new ones, in milliseconds. */
const KEPT_FRAMES = 100;
const FRAMES_MS = 200;

export type NetworkStart = Pick<NetworkEntry, 'kind' | 'method' | 'url' | 'requestHeader' | 'requestBody'>;

/** One line of the network panel, that grows. */
export interface NetworkRecord {
  change(next: Partial<NetworkEntry>): void;
  /** A message of a socket; many of one moment are told at once. */
  frame(from: SocketFrame['from'], data: string | ArrayBuffer): void;
  end(last: Partial<NetworkEntry>): void;
}

/** What a program asks of the network, for the network panel. */
export interface NetworkLog {
  begin(start: NetworkStart): NetworkRecord;
  /** Does it, with an entry when it begins and when it ends. */
  watch<R>(start: NetworkStart, run: () => Promise<R>, describe: (result: R) => Partial<NetworkEntry>): Promise<R>;
}

export function createNetworkLog(report: (entry: NetworkEntry) => void): NetworkLog {
  let lastId = 0;

  function begin(start: NetworkStart): NetworkRecord {
    const began = performance.now();
    let entry: NetworkEntry = {
      id: ++lastId,
      time: Date.now(),
      ...start,
      ...(start.kind === 'socket' && { frames: [] }),
    };
    let timer: ReturnType<typeof setTimeout> | undefined;
    const tell = (): void => {
      clearTimeout(timer);
      timer = undefined;
      report(entry);
    };
    const change = (next: Partial<NetworkEntry>): void => {
      entry = { ...entry, ...next };
      tell();
    };
    tell();
    return {
      change,
      frame(from, data) {
        const frame = { time: Date.now(), from, text: shown(data) };
        entry = { ...entry, frames: [...(entry.frames ?? []), frame].slice(-KEPT_FRAMES) };
        timer ??= setTimeout(tell, FRAMES_MS);
      },
      end: (last) => change({ ...last, ms: Math.round(performance.now() - began) }),
    };
  }

  return {
    begin,
    async watch(start, run, describe) {
      const line = begin(start);
      try {
        const result = await run();
        line.end(describe(result));
        return result;
      } catch (error) {
        line.end({ error: (error as Error).message });
        throw error;
      }
    },
  };
}

/** A body as the panel shows it. */
export function shown(data: string | ArrayBuffer | undefined): string {
  if (data === undefined) return '';
  return typeof data === 'string' ? data.slice(0, MAX_BODY) : `[${data.byteLength} bytes]`;
}
