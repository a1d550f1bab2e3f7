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
  const tag = /<!--[\s\S]*?-->|<![^>]*>|<(\/?)([a-zA-Z][\w-]*)((?:[^>"']|"[^"]*"|'[^']*')*)>/g;
  for (let found = tag.exec(html); found; found = tag.exec(html)) {
    if (!skipping) text(html.slice(at, found.index));
    at = tag.lastIndex;
    const name = found[2]?.toLowerCase();
    if (!name) continue;
    if (skipping) {
      if (found[1] && name === skipping) skipping = '';
      continue;
    }
    if (found[1]) {
      const open = stack.findLastIndex((entry) => entry.name === name);
      if (open > 0) stack.length = open;
      continue;
    }
    if (SKIPPED.has(name)) {
      if (!found[3]?.endsWith('/')) skipping = name;
      continue;
    }
    const node = { name, attrs: attributesOf(found[3] ?? ''), children: [] as RichNode[] };
    top().children.push(node);
    if (!VOID.has(name) && !found[3]?.endsWith('/')) stack.push(node);
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
