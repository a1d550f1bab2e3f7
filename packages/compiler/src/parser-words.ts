import { Phrase } from '@sparrow/core';
import { PARSER_WORDS_ZH } from './parser-words.zh.ts';

/** What a parser that is not ours says, with the Chinese of its frequent sentences. */
export function parserWords(text: string): Phrase {
  const [start = '', rest = ''] = /^(Unknown word) (.*)$/s.exec(text)?.slice(1) ?? [text];
  const zh = Object.hasOwn(PARSER_WORDS_ZH, start) ? PARSER_WORDS_ZH[start] : undefined;
  return zh === undefined ? new Phrase(text) : new Phrase(text, `${zh}${rest && ` ${rest}`}`);
}
