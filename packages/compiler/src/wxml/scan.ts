/**
 * A rough reading of WXML: enough to find tags, attributes and texts with their places, in any text without failing.
 */
import { LIMITS } from '../limits.ts';

export interface Attribute {
  name: string;
  /** Offset of the name. */
  start: number;
  /** Offsets of the value without its quotes; equal when there is none. */
  valueStart: number;
  valueEnd: number;
}

export interface Tag {
  type: 'start' | 'end';
  name: string;
  start: number;
  /** Offset after the `>`. */
  end: number;
  selfClosing: boolean;
  /** Another tag begins inside of it, outside of quotes or in a value whose quote is missing. */
  swallowsTag: boolean;
  attributes: Attribute[];
}

export interface Text {
  type: 'text';
  start: number;
  end: number;
}

/** Comments, `<!…>`, `<?…?>` and the content of `<wxs>`. */
export interface Opaque {
  type: 'comment' | 'declaration' | 'script';
  start: number;
  end: number;
}

export type WxmlPart = Tag | Text | Opaque;

const TAG_START = /^<\/?\s*[A-Za-z_]/;
const NAME = /[^\s\u00a0\u3000=>/"'<]+/y;
const BLANKS = /[\s\u00a0\u3000\ufeff\u200b]*/y;

/**
 * Looks for the ends of bindings. One that is not closed is looked for to the end of the file, so only so many are;
 * further `{{` then count as text at once.
 */
interface Seeker {
  end(start: number): number | undefined;
}

function createSeeker(text: string): Seeker {
  let unclosed = 0;
  return {
    end(start) {
      if (unclosed > LIMITS.openBindings) return undefined;
      const found = bindingEnd(text, start, text.length);
      if (found === undefined) unclosed += 1;
      return found;
    },
  };
}

export function scanWxml(text: string): WxmlPart[] {
  const seeker = createSeeker(text);
  const parts: WxmlPart[] = [];
  let at = 0;
  const addText = (end: number) => {
    if (end > at) parts.push({ type: 'text', start: at, end });
    at = end;
  };
  const addOpaque = (type: Opaque['type'], end: number) => {
    parts.push({ type, start: at, end });
    at = end;
  };
  while (at < text.length) {
    const next = findMarkup(text, at, seeker);
    addText(next);
    if (at >= text.length) break;
    if (text.startsWith('<!--', at)) addOpaque('comment', after(text, '-->', at + 4));
    else if (text.startsWith('<!', at)) addOpaque('declaration', after(text, '>', at));
    else if (text.startsWith('<?', at)) addOpaque('declaration', after(text, '>', at));
    else {
      const tag = readTag(text, at, seeker);
      parts.push(tag);
      at = tag.end;
      if (tag.type === 'start' && tag.name === 'wxs' && !tag.selfClosing) {
        const end = text.indexOf('</wxs', at);
        addOpaque('script', end < 0 ? text.length : end);
      }
    }
  }
  return parts;
}

function after(text: string, token: string, from: number): number {
  const found = text.indexOf(token, from);
  return found < 0 ? text.length : found + token.length;
}

/** Offset of the next tag, comment or declaration; bindings are skipped, `{{a<b}}` holds no tag. */
function findMarkup(text: string, from: number, seeker: Seeker): number {
  for (let at = from; at < text.length; at += 1) {
    if (text.startsWith('{{', at)) {
      const end = seeker.end(at);
      if (end !== undefined) at = end - 1;
    } else if (text[at] === '<') {
      const head = text.slice(at, at + 40);
      if (TAG_START.test(head) || head.startsWith('<!') || head.startsWith('<?')) return at;
    }
  }
  return text.length;
}

/** Offset after the `}}` of a binding that begins at `start`; undefined when it does not end before `limit`. */
export function bindingEnd(text: string, start: number, limit: number): number | undefined {
  let depth = 0;
  for (let at = start + 2; at < limit; at += 1) {
    const char = text[at]!;
    if (char === '"' || char === "'") {
      const close = stringEnd(text, at, limit);
      if (close === undefined) return undefined;
      at = close - 1;
    } else if (char === '{') depth += 1;
    else if (char === '}') {
      if (depth > 0) depth -= 1;
      else if (text[at + 1] === '}') return at + 2;
    }
  }
  return undefined;
}

/**
 * The bindings of a piece of text; of one that is not closed there `close` is undefined, and after many the search
 * ends.
 */
export function* bindingsOf(
  text: string,
  start: number,
  end: number,
): Generator<{ at: number; close: number | undefined }> {
  let unclosed = 0;
  for (let at = text.indexOf('{{', start); at >= 0 && at < end; at = text.indexOf('{{', at)) {
    const close = bindingEnd(text, at, end);
    yield { at, close };
    if (close === undefined && ++unclosed > LIMITS.openBindings) return;
    at = close ?? at + 2;
  }
}

/** Offset after the closing quote of a string that begins at `start`. */
export function stringEnd(text: string, start: number, limit: number): number | undefined {
  for (let at = start + 1; at < limit; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === text[start]) return at + 1;
  }
  return undefined;
}

function match(pattern: RegExp, text: string, at: number): string {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? '';
}

function readTag(text: string, start: number, seeker: Seeker): Tag {
  const type = text[start + 1] === '/' ? 'end' : 'start';
  let at = start + (type === 'end' ? 2 : 1);
  at += match(BLANKS, text, at).length;
  const name = match(NAME, text, at);
  at += name.length;
  const tag: Tag = { type, name, start, end: text.length, selfClosing: false, swallowsTag: false, attributes: [] };
  while (at < text.length) {
    at += match(BLANKS, text, at).length;
    const char = text[at];
    if (char === '>') {
      tag.end = at + 1;
      tag.selfClosing = /\/\s*$/.test(text.slice(start, at));
      return tag;
    }
    // Anything else, a `<` too, is skipped: the template compiler goes on to the next `>` as well.
    if (char === '<' && /^<\/?[A-Za-z_]/.test(text.slice(at, at + 3))) tag.swallowsTag = true;
    const attribute = readAttribute(text, at, seeker);
    if (attribute) {
      if (endsInWord(text, attribute)) tag.swallowsTag = true;
      tag.attributes.push(attribute.attribute);
      at = attribute.end;
    } else at += 1;
  }
  return tag;
}

function readAttribute(text: string, start: number, seeker: Seeker): { attribute: Attribute; end: number } | undefined {
  const name = match(NAME, text, start);
  if (name === '') return undefined;
  let at = start + name.length;
  const none = { attribute: { name, start, valueStart: at, valueEnd: at }, end: at };
  at += match(BLANKS, text, at).length;
  if (text[at] !== '=') return none;
  at += 1;
  at += match(BLANKS, text, at).length;
  const quote = text[at];
  if (quote === '"' || quote === "'") {
    const end = attributeEnd(text, at, quote, seeker);
    return { attribute: { name, start, valueStart: at + 1, valueEnd: end }, end: Math.min(end + 1, text.length) };
  }
  const end = text.startsWith('{{', at) ? seeker.end(at) : undefined;
  const valueEnd = end ?? at + match(NAME, text, at).length;
  return { attribute: { name, start, valueStart: at, valueEnd }, end: Math.max(valueEnd, start + 1) };
}

/**
 * `class="a>…<view class="b">`: a value with a tag in it, behind whose quote a word goes on, has taken the quote of
 * another.
 */
function endsInWord(text: string, { attribute, end }: { attribute: Attribute; end: number }): boolean {
  const { valueStart, valueEnd } = attribute;
  if (end !== valueEnd + 1 || !/[\w-]/.test(text[end] ?? '')) return false;
  return /<\/?[A-Za-z_]/.test(text.slice(valueStart, valueEnd));
}

/** Offset of the closing quote. A binding may hold the same quote: `class="{{a ? "b" : "c"}}"`. */
function attributeEnd(text: string, open: number, quote: string, seeker: Seeker): number {
  for (let at = open + 1; at < text.length; at += 1) {
    if (text.startsWith('{{', at)) {
      const end = seeker.end(at);
      if (end !== undefined) at = end - 1;
    } else if (text[at] === quote) return at;
  }
  return text.length;
}
