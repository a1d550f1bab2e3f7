/** A node of `rich-text`, as the component reference describes it. */
export type RichNode =
  | { type?: 'node'; name: string; attrs?: Record<string, unknown>; children?: RichNode[] }
  | { type: 'text'; text: string };

/** Tags and the attributes they may have beside class and style. Source: the rich-text page of the component reference. */
export const RICH_TAGS: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(
    (
      'a abbr address article aside b bdi big blockquote br caption center cite code dd del div dl dt em fieldset footer ' +
      'font h1 h2 h3 h4 h5 h6 header hr i ins label legend li mark nav p pre q rt ruby s section small span strong sub sup ' +
      'tbody tfoot thead tr tt u ul'
    )
      .split(' ')
      .map((name) => [name, []]),
  ),
  bdo: ['dir'],
  col: ['span', 'width'],
  colgroup: ['span', 'width'],
  img: ['alt', 'src', 'height', 'width'],
  ol: ['start', 'type'],
  table: ['width'],
  td: ['colspan', 'height', 'rowspan', 'width'],
  th: ['colspan', 'height', 'rowspan', 'width'],
  font: ['color', 'face', 'size'],
};
const VOID = new Set(['br', 'hr', 'img', 'col']);
/** What these hold is not text. */
const SKIPPED = new Set(['script', 'style', 'head', 'title', 'iframe', 'object', 'noscript', 'template', 'textarea']);

const ENTITIES: Record<string, string> = {
  lt: '<',
  gt: '>',
  amp: '&',
  quot: '"',
  apos: "'",
  nbsp: '\u00a0',
  ensp: '\u2002',
  emsp: '\u2003',
  copy: '©',
  reg: '®',
  hellip: '…',
  mdash: '—',
  ndash: '–',
  middot: '·',
  bull: '•',
  times: '×',
  yen: '¥',
  ldquo: '“',
  rdquo: '”',
  lsquo: '‘',
  rsquo: '’',
};

export function decodeEntities(text: string): string {
  return text.replace(/&(#x?[\da-f]+|\w+);/gi, (whole, entity: string) => {
    if (!entity.startsWith('#')) return ENTITIES[entity] ?? whole;
    const hex = entity[1] === 'x' || entity[1] === 'X';
    const code = Number.parseInt(entity.slice(hex ? 2 : 1), hex ? 16 : 10);
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

interface Open {
  name: string;
  children: RichNode[];
}

/** A tag, a comment or a declaration in a text of HTML. */
interface Markup {
  start: number;
  end: number;
  /** Absent for what is not shown: comments and declarations. */
  tag?: { name: string; closes: boolean; rest: string };
}

/** Characters of a tag outside of quotes; a longer one is text. The limit keeps a text of nothing but `<a` cheap. */
const MAX_TAG = 2_000;
/** Nodes in one another; deeper ones become neighbours. */
const MAX_DEPTH = 200;

const TAG_NAME = /<(\/?)([a-zA-Z][\w-]*)/y;

/** The next markup at or behind `from`. @param last offset of the last `>`: behind it there is only text */
function nextMarkup(html: string, from: number, last: number): Markup | undefined {
  for (let start = html.indexOf('<', from); start >= 0 && start < last; start = html.indexOf('<', start + 1)) {
    if (html.startsWith('<!', start)) {
      const comment = html.startsWith('<!--', start) ? html.indexOf('-->', start + 4) : -1;
      const end = comment < 0 ? html.indexOf('>', start) + 1 : comment + 3;
      if (end > 0) return { start, end };
      continue;
    }
    TAG_NAME.lastIndex = start;
    const found = TAG_NAME.exec(html);
    if (!found) continue;
    const end = tagEnd(html, TAG_NAME.lastIndex);
    if (end === undefined) continue;
    const tag = {
      name: (found[2] ?? '').toLowerCase(),
      closes: found[1] === '/',
      rest: html.slice(TAG_NAME.lastIndex, end),
    };
    return { start, end: end + 1, tag };
  }
  return undefined;
}

/** Offset of the `>` that ends a tag: one that stands in no quotes. */
function tagEnd(html: string, from: number): number | undefined {
  let left = MAX_TAG;
  for (let at = from; at < html.length && left > 0; at++, left--) {
    const char = html[at];
    if (char === '>') return at;
    if (char !== '"' && char !== "'") continue;
    at = html.indexOf(char, at + 1);
    if (at < 0) return undefined;
  }
  return undefined;
}

/** HTML text → nodes. Lenient: what is left open is closed at the end. Who draws decides which tags are trusted. */
export function parseRichText(html: string): RichNode[] {
  const root: Open = { name: '', children: [] };
  const stack: Open[] = [root];
  const top = (): Open => stack.at(-1) ?? root;
  const text = (raw: string): void => {
    if (raw) top().children.push({ type: 'text', text: decodeEntities(raw) });
  };
  let skipping = '';
  let at = 0;
  const last = html.lastIndexOf('>');
  for (let found = nextMarkup(html, at, last); found; found = nextMarkup(html, at, last)) {
    if (!skipping) text(html.slice(at, found.start));
    at = found.end;
    if (!found.tag) continue;
    const { name, closes, rest } = found.tag;
    if (skipping) {
      if (closes && name === skipping) skipping = '';
      continue;
    }
    if (closes) {
      const open = stack.findLastIndex((entry) => entry.name === name);
      if (open > 0) stack.length = open;
      continue;
    }
    const isOpen = !rest.endsWith('/');
    if (SKIPPED.has(name)) {
      if (isOpen) skipping = name;
      continue;
    }
    const node = { name, attrs: attributesOf(rest), children: [] as RichNode[] };
    top().children.push(node);
    if (isOpen && !VOID.has(name) && stack.length < MAX_DEPTH) stack.push(node);
  }
  if (!skipping) text(html.slice(at));
  return root.children;
}

function attributesOf(text: string): Record<string, string> {
  const attributes: Record<string, string> = {};
  for (const [, name = '', double, single, bare] of text.matchAll(
    /([^\s=/"'>]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?/g,
  ))
    attributes[name.toLowerCase()] = decodeEntities(double ?? single ?? bare ?? '');
  return attributes;
}
