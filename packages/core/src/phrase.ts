/** Languages in which Sparrow talks to people. */
export type Language = 'en' | 'zh';

/** What a phrase may have in it: text that is the same in every language, another phrase, or nothing. */
export type PhrasePart = string | number | bigint | undefined | Phrase;

/** A sentence for people, with its values. It reads as English wherever a plain text is asked for. */
export class Phrase {
  readonly en: string;
  readonly #zh: string | (() => string) | undefined;

  /** @param zh made when it is asked for first: most refusals are never read by people */
  constructor(en: string, zh?: string | (() => string)) {
    this.en = en;
    this.#zh = zh;
  }

  /** Undefined while the package's table does not have it. */
  get zh(): string | undefined {
    return typeof this.#zh === 'function' ? this.#zh() : this.#zh;
  }

  /** The sentence in a language; English stands in for what nobody has translated. */
  in(language: Language): string {
    return language === 'zh' ? (this.zh ?? this.en) : this.en;
  }

  toString(): string {
    return this.en;
  }

  toJSON(): string {
    return this.en;
  }
}

/**
 * Makes the tag for the sentences of a package. They stand in English where they are used; the table has the Chinese
 * under the same sentence with its values numbered. `scripts/phrases.mjs` finds sentences that the table lacks.
 *
 * @example
 * const phrase = phrases({ 'port {0} is in use': '端口 {0} 已被占用' });
 * phrase`port ${7700} is in use`.in('zh') // '端口 7700 已被占用'
 */
export function phrases(
  table: Readonly<Record<string, string>>,
): (texts: TemplateStringsArray, ...parts: readonly PhrasePart[]) => Phrase {
  return (texts, ...parts) => {
    const fill = (template: string): string =>
      template.replace(/\{(\d+)\}/g, (_, number: string) => sayIn('zh', parts[Number(number)]));
    const key = phraseKey(texts);
    // Put together from the pieces: a value may hold what looks like a place for one.
    const en = texts.map((text, i) => text + (i < parts.length ? sayIn('en', parts[i]) : '')).join('');
    const zh = Object.hasOwn(table, key) ? table[key] : undefined;
    return new Phrase(en, zh === undefined ? undefined : () => fill(zh));
  };
}

/** How a sentence is called in the table: its pieces with the number of the value between them. */
export function phraseKey(texts: readonly string[]): string {
  return texts.map((text, i) => (i === 0 ? text : `{${i - 1}}${text}`)).join('');
}

/** Several sentences as one. */
export function joinPhrases(sentences: readonly PhrasePart[], separator: string): Phrase {
  const joined = (language: Language): string => sentences.map((part) => sayIn(language, part)).join(separator);
  return new Phrase(joined('en'), () => joined('zh'));
}

/** What was thrown, as a sentence. */
export function phraseOf(error: unknown): Phrase {
  if (error instanceof Error && 'told' in error && error.told instanceof Phrase) return error.told;
  return new Phrase(error instanceof Error ? error.message : String(error));
}

const sayIn = (language: Language, part: PhrasePart): string =>
  part instanceof Phrase ? part.in(language) : String(part ?? '');
