/** Thrown when something took longer than it was given. */
export class DeadlineError extends Error {
  readonly code = 'DEADLINE';
  constructor(what: string, ms: number) {
    super(`${what} took longer than ${ms} ms`);
    this.name = 'DeadlineError';
  }
}

/** A point in time by which work must be done. */
export class Deadline {
  readonly what: string;
  readonly ms: number;
  readonly #end: number;

  constructor(what: string, ms: number) {
    this.what = what;
    this.ms = ms;
    this.#end = performance.now() + ms;
  }

  /** Milliseconds left, never negative. */
  get left(): number {
    return Math.max(0, this.#end - performance.now());
  }

  /** The promise's result, or a DeadlineError when it comes too late. The work itself is not cancelled. */
  async race<T>(promise: Promise<T>): Promise<T> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new DeadlineError(this.what, this.ms)), this.left);
    });
    try {
      return await Promise.race([promise, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}
