import { bindingsOf, scanWxml, stringEnd, type Tag, type WxmlPart } from './scan.ts';

export interface Preprocessed {
  text: string;
  /** Of the original text. */
  parts: readonly WxmlPart[];
  /** Offset in the original text of an offset in the processed one. */
  originalOffset(offset: number): number;
}

interface Edit {
  start: number;
  end: number;
  text: string;
}

/**
 * Spaces beyond ASCII, which editors and pages on the web leave in sources. In a tag the template compiler takes all
 * memory over one and dies, so none reaches it anywhere: outside of texts they become spaces, in texts entities.
 */
const ODD_SPACES = /[\u0085\u00a0\u1680\u2000-\u200b\u2028\u2029\u202f\u205f\u3000\ufeff]/g;

/** Elements without content: left open they would swallow what follows them. */
export const CHILDLESS = new Set(
  'input image img br hr icon progress slider switch radio checkbox import include'.split(' '),
);

/**
 * Turns what the original accepts, and the template compiler does not, into what both do. Places in the result are
 * mapped back, so diagnostics show the user's text.
 */
export function preprocessWxml(text: string, parts: readonly WxmlPart[] = scanWxml(text)): Preprocessed {
  const edits: Edit[] = [];
  for (const part of parts) {
    if (part.type === 'start' || part.type === 'end') editTag(text, part, edits);
    else if (part.type === 'text') editText(text, part.start, part.end, edits);
    else if (part.type === 'declaration') edits.push(blank(text, part.start, part.end));
    else if (part.type === 'comment') replaceSpaces(text, part.start, part.end, edits);
    else editScript(text, part.start, part.end, edits);
  }
  closeChildless(parts, edits);
  return { ...applyEdits(text, edits), parts };
}

function applyEdits(text: string, edits: Edit[]): Omit<Preprocessed, 'parts'> {
  edits.sort((a, b) => a.start - b.start);
  let result = '';
  let at = 0;
  const anchors: { edit: Edit; processed: number }[] = [];
  for (const edit of edits) {
    if (edit.start < at) continue;
    result += text.slice(at, edit.start) + edit.text;
    at = edit.end;
    anchors.push({ edit, processed: result.length });
  }
  result += text.slice(at);
  return {
    text: result,
    originalOffset(offset) {
      let original = offset;
      for (const { edit, processed } of anchors) {
        if (processed - edit.text.length > offset) break;
        // Inside an edit this counts back from its end: exact when it kept its length.
        original = Math.max(edit.start, edit.end + offset - processed);
      }
      return Math.min(original, text.length);
    },
  };
}

function blank(text: string, start: number, end: number): Edit {
  return { start, end, text: text.slice(start, end).replace(/[^\n]/g, ' ') };
}

function editTag(text: string, tag: Tag, edits: Edit[]): void {
  let at = tag.start;
  const outside = (end: number) => {
    replaceSpaces(text, at, end, edits);
    at = end;
  };
  const open = /^<\/[\s\u00a0\u3000]+/.exec(text.slice(tag.start, tag.start + 40))?.[0];
  if (tag.type === 'end' && open) {
    // `</ view>` → `</view >`
    const end = tag.start + open.length + tag.name.length;
    edits.push({ start: tag.start, end, text: `</${tag.name}`.padEnd(open.length + tag.name.length) });
    at = end;
  }
  for (const attribute of tag.attributes) {
    outside(attribute.start);
    at = Math.max(at, attribute.start + attribute.name.length);
    outside(attribute.valueStart);
    editValue(text, tag, attribute, edits);
    at = attribute.valueEnd;
  }
  const slash = /\/[\s\u00a0\u3000]+>$/.exec(text.slice(at, tag.end))?.[0];
  outside(slash ? tag.end - slash.length : tag.end);
  // `/ >` → ` />`
  if (slash) edits.push({ start: tag.end - slash.length, end: tag.end, text: `${' '.repeat(slash.length - 2)}/>` });
}

function replaceSpaces(text: string, start: number, end: number, edits: Edit[], by = (_char: string) => ' '): void {
  for (const found of text.slice(start, end).matchAll(ODD_SPACES)) {
    const at = start + found.index;
    edits.push({ start: at, end: at + 1, text: by(found[0]) });
  }
}

const entity = (char: string): string => `&#${char.charCodeAt(0)};`;
const codePoint = (char: string): string => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;

function editValue(text: string, tag: Tag, attribute: Tag['attributes'][number], edits: Edit[]): void {
  const { name, valueStart, valueEnd } = attribute;
  const value = text.slice(valueStart, valueEnd);
  if (name === 'wx:key') {
    const key = keyOf(value, tag, text);
    if (key !== value) edits.push({ start: valueStart, end: valueEnd, text: key });
    return;
  }
  editBindings(text, valueStart, valueEnd, edits);
}

/**
 * `wx:key` names a property of the item. Many programs write `item.id` or a binding instead, for which the original
 * warns and shows the list all the same; they get what they mean.
 */
function keyOf(value: string, tag: Tag, text: string): string {
  const path = value.replace(/^\s*\{\{\s*|\s*\}\}\s*$/g, '').trim();
  const bound = path !== value;
  const named = tag.attributes.find((attribute) => attribute.name === 'wx:for-item');
  const item = named ? text.slice(named.valueStart, named.valueEnd) : 'item';
  if (path.startsWith(`${item}.`) && /^[\w$]+$/.test(path.slice(item.length + 1))) return path.slice(item.length + 1);
  if (bound && path === item) return '*this';
  return bound && path !== '*this' ? '' : path;
}

/** Static text: `\n` is a line break there. */
function editText(text: string, start: number, end: number, edits: Edit[]): void {
  editBindings(text, start, end, edits, (from, to) => {
    for (const found of text.slice(from, to).matchAll(/\\n/g)) {
      edits.push({ start: from + found.index, end: from + found.index + 2, text: '&#10;' });
    }
  });
}

/** @param editStatic called for the pieces between the bindings */
function editBindings(
  text: string,
  start: number,
  end: number,
  edits: Edit[],
  editStatic?: (start: number, end: number) => void,
): void {
  let at = start;
  const close = (to: number) => {
    replaceSpaces(text, at, to, edits, entity);
    // Entities stay as they are written: decoding them is what `<text decode>` does.
    for (const { index } of text.slice(at, to).matchAll(/&/g))
      edits.push({ start: at + index, end: at + index + 1, text: '&amp;' });
    editStatic?.(at, to);
  };
  for (const { at: from, close: to } of bindingsOf(text, start, end)) {
    if (to === undefined) continue;
    close(from);
    editExpression(text, from + 2, to - 2, edits);
    at = to;
  }
  close(end);
}

/** In an expression: odd spaces, and keys of object literals in quotes (`{ 'a': 1 }` → `{  a : 1 }`). */
function editExpression(text: string, start: number, end: number, edits: Edit[]): void {
  let before = '{';
  for (let at = start; at < end; at += 1) {
    const char = text[at]!;
    if (char === '"' || char === "'") {
      const close = stringEnd(text, at, end) ?? end;
      const name = text.slice(at + 1, close - 1);
      const isKey = (before === '{' || before === ',') && /^\s*:/.test(text.slice(close, end));
      if (isKey && /^[A-Za-z_$][\w$]*$/.test(name)) edits.push({ start: at, end: close, text: ` ${name} ` });
      else replaceSpaces(text, at, close, edits, codePoint);
      at = close - 1;
      before = char;
    } else {
      replaceSpaces(text, at, at + 1, edits);
      if (!/\s/.test(char)) before = char;
    }
  }
}

const SCRIPT_STRINGS = /"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/g;

/**
 * WXS: what looks like a module may be part of a broken tag to the template compiler, so no odd space stays here too.
 */
function editScript(text: string, start: number, end: number, edits: Edit[]): void {
  let at = start;
  for (const found of text.slice(start, end).matchAll(SCRIPT_STRINGS)) {
    const from = start + found.index;
    const to = from + found[0].length;
    replaceSpaces(text, at, from, edits);
    replaceSpaces(text, from, to, edits, codePoint);
    at = to;
  }
  replaceSpaces(text, at, end, edits);
}

/** Closes the elements without content that have no end tag before their parent ends. */
function closeChildless(parts: readonly WxmlPart[], edits: Edit[]): void {
  const open: Tag[] = [];
  const counts = new Map<string, number>();
  const count = (name: string, by: number): number => {
    const now = (counts.get(name) ?? 0) + by;
    counts.set(name, now);
    return now;
  };
  const close = (tag: Tag) => {
    if (CHILDLESS.has(tag.name)) edits.push({ start: tag.end - 1, end: tag.end - 1, text: '/' });
  };
  for (const part of parts) {
    if (part.type === 'start' && !part.selfClosing) {
      open.push(part);
      count(part.name, 1);
    }
    // An end tag that closes nothing is not looked for: that would take the square of the time.
    if (part.type !== 'end' || count(part.name, 0) === 0) continue;
    for (let tag = open.pop(); tag; tag = open.pop()) {
      count(tag.name, -1);
      if (tag.name === part.name) break;
      close(tag);
    }
  }
  open.forEach(close);
}
