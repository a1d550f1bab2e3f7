/** What a code means and what to do about it, in the language of a user. */
export interface ErrorWords {
  meaning: string;
  fix: string;
}

/**
 * Base of every error of Sparrow: a code of the package's closed set, what happened, and how to fix it.
 *
 * @example throw new CloudError('PORT_TAKEN', 'port 7700 is in use by pid 12', { hint: 'stop it or pass --port' })
 */
export abstract class SparrowError<Code extends string = string> extends Error {
  readonly code: Code;
  /** What to do about it, ready to print. */
  readonly hint: string;
  /** What its code means, from the package's Chinese catalogue; message and hint are of this very case, and English. */
  abstract readonly chinese: ErrorWords;

  constructor(code: Code, message: string, options: { hint: string; cause?: unknown }) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.hint = options.hint;
  }
}
