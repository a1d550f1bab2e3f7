import { Phrase } from './phrase.ts';

/** What an error means and what to do about it, in the language of a user. */
export interface ErrorWords {
  meaning: string;
  fix: string;
}

/**
 * Base of every error of Sparrow: a code of the package's closed set, what happened, and how to fix it.
 *
 * @example throw new CloudError('PORT_TAKEN', phrase`port ${7700} is in use`, { hint: phrase`stop that program` })
 */
export abstract class SparrowError<Code extends string = string> extends Error {
  readonly code: Code;
  /** What to do about it, ready to print. */
  readonly hint: string;
  /** What its code means, from the package's Chinese catalogue. */
  abstract readonly chinese: ErrorWords;
  readonly #message: string | Phrase;
  readonly #hint: string | Phrase;

  constructor(code: Code, message: string | Phrase, options: { hint: string | Phrase; cause?: unknown }) {
    super(String(message), options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.hint = String(options.hint);
    this.#message = message;
    this.#hint = options.hint;
  }

  /** What happened. Where this very sentence has no Chinese, the words of the code stand before the English one. */
  get told(): Phrase {
    const zh = this.#message instanceof Phrase ? this.#message.zh : undefined;
    return new Phrase(this.message, zh ?? `${this.chinese.meaning}（${this.message}）`);
  }

  /** What to do about it; in Chinese that of the code where this very hint has none. */
  get advice(): Phrase {
    const zh = this.#hint instanceof Phrase ? this.#hint.zh : undefined;
    return new Phrase(this.hint, zh ?? this.chinese.fix);
  }
}
