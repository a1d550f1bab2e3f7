import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

/** A file that this process holds; nobody else can until it lets go of it or ends. */
export interface HeldFile {
  release(): void;
}

/**
 * Two who take it in the same moment hinder each other, and neither gets it: each tries again at a moment of its own.
 */
const TRIES = 6;
const APART_MS = 8;

const sleepHere = (ms: number): void => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
};

/**
 * Takes a file for this process, or answers undefined when somebody has it.
 *
 * What is taken is an exclusive SQLite lock: the kernel lets go of it however the process ends, so a kill -9 leaves no
 * lock behind, a reused process id cannot be mistaken for the holder, and there is no moment between looking and
 * taking. The file must be opened by nobody in another way: closing any descriptor of it drops the locks of this
 * process on it.
 *
 * @param sleep waits some milliseconds between two tries, on this thread
 */
export function holdFile(path: string, sleep: (ms: number) => void = sleepHere): HeldFile | undefined {
  for (let tries = 1; ; tries++) {
    const held = tryToHold(path);
    if (held || tries === TRIES) return held;
    sleep(1 + Math.random() * APART_MS);
  }
}

function tryToHold(path: string): HeldFile | undefined {
  const database = new DatabaseSync(path);
  try {
    database.exec('pragma locking_mode = exclusive; begin exclusive');
  } catch (error) {
    database.close();
    if (/locked/.test(String(error))) return undefined;
    throw error;
  }
  let held = true;
  return {
    release() {
      if (!held) return;
      held = false;
      database.close();
    },
  };
}

/** Whether somebody holds a file now; it is not made. */
export function isHeld(path: string): boolean {
  if (!existsSync(path)) return false;
  const held = holdFile(path);
  held?.release();
  return held === undefined;
}
