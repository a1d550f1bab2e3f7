import { h } from '@sparrow/runtime/native';
import { type Timers, tickPunctually } from './punctual.ts';

const TICK_MS = 1_000;
/** A frame that has been silent for so long is looked into. Milliseconds, as the ticks below. */
const SUSPECT_MS = 3_000;
/** Given to the frame once more, when the other one has answered. */
const GRACE_MS = 1_000;
/** A frame that has been silent for so long, while none of its kind can start, is kept by a script without an end. */
const STUCK_MS = 15_000;

/** What is asked of two frames; a test brings others. */
export interface FrameLine {
  /** Asks the frame for a sign of life; the answer comes to `onSign`. */
  ask(): void;
  onSign(heard: () => void): () => void;
  /** Opens another frame of the same kind; calls back when it runs. Returns what takes it away. */
  openOther(running: () => void): () => void;
}

/** What is to be told of a frame. */
export interface FrameNews {
  /** Its process has ended. Told once, and the last that is told. */
  ended(): void;
  /** Something keeps its thread. */
  stuck(seconds: number): void;
  /** What was stuck has answered after all. */
  alive(): void;
}

/**
 * Says that the process of a frame has ended, of too much memory for instance: no browser tells it. A frame that is
 * silent may only be busy. Frames of one kind share a process and its thread, so another one starts behind whatever
 * keeps this one; when that one runs and this one still says nothing, its process is another, and the old one is gone.
 * When neither says anything for long, a script keeps the thread, which is told, too.
 * As everywhere, only time in which this side was punctual itself counts.
 *
 * @returns a function that ends the watch
 */
export function watchFrameLife(line: FrameLine, on: FrameNews, timers?: Timers): () => void {
  let asked = false;
  let silent = 0;
  let sinceOther: number | undefined;
  let stuck = false;
  let closeOther: (() => void) | undefined;
  const calm = (): void => {
    closeOther?.();
    closeOther = undefined;
    sinceOther = undefined;
    asked = false;
    silent = 0;
  };
  const stopHearing = line.onSign(() => {
    calm();
    if (stuck) on.alive();
    stuck = false;
  });
  const stopTicks = tickPunctually(
    TICK_MS,
    (punctual) => {
      if (!asked) {
        asked = true;
        line.ask();
        return;
      }
      if (!punctual) return;
      silent += TICK_MS;
      if (sinceOther !== undefined && silent - sinceOther > GRACE_MS) {
        end();
        on.ended();
      } else if (silent >= STUCK_MS && sinceOther === undefined && !stuck) {
        stuck = true;
        on.stuck(STUCK_MS / 1000);
      } else if (silent >= SUSPECT_MS && !closeOther)
        closeOther = line.openOther(() => {
          sinceOther = silent;
        });
    },
    timers,
  );
  function end(): void {
    calm();
    stopHearing();
    stopTicks();
  }
  return end;
}

/** The line to a frame of ours in the document. @param ready the word by which one of its kind says that it runs */
export function lineTo(frame: HTMLIFrameElement, ready: string): FrameLine {
  const hear = (of: HTMLIFrameElement, word: string, heard: () => void): (() => void) => {
    const listen = (event: MessageEvent): void => {
      if (event.source === of.contentWindow && (event.data as { sparrow?: string } | null)?.sparrow === word) heard();
    };
    window.addEventListener('message', listen);
    return () => window.removeEventListener('message', listen);
  };
  return {
    ask: () => frame.contentWindow?.postMessage({ sparrow: 'ask' }, '*'),
    onSign: (heard) => hear(frame, 'alive', heard),
    openOther(running) {
      const other = h('iframe.sparrow-boot');
      other.setAttribute('sandbox', 'allow-scripts');
      other.setAttribute('referrerpolicy', 'no-referrer');
      other.src = frame.src;
      const stop = hear(other, ready, running);
      document.body.append(other);
      return () => {
        stop();
        other.remove();
      };
    },
  };
}
