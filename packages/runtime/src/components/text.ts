/**
 * `text` is only a style, but for its content: `space`, `decode`, and `\n` written out in WXML. It has no class of its own, as
 * pages have thousands of texts.
 */
const SPACES: Record<string, string> = { ensp: '\u2002', emsp: '\u2003', nbsp: '\u00a0' };
/** Source: the text page of the component reference. */
const ENTITIES: Record<string, string> = {
  nbsp: '\u00a0',
  lt: '<',
  gt: '>',
  amp: '&',
  apos: "'",
  ensp: '\u2002',
  emsp: '\u2003',
};

/** Where the observer that keeps the content of a text transformed stands on its element. */
const WATCH = Symbol('sparrow text');
type Watched = HTMLElement & { [WATCH]?: () => void };

/** A backslash and an n in the text of WXML break the line. */
export function breakLines(text: string): string {
  return text.includes('\\n') ? text.replaceAll('\\n', '\n') : text;
}

/** An attribute of a text changed. */
export function textAttribute(element: Watched, name: string, value: unknown): void {
  if (name !== 'space' && name !== 'decode') return;
  element[WATCH] ??= watch(element);
  // The attribute itself is set after this.
  if (value !== undefined) queueMicrotask(() => element[WATCH]?.());
}

function watch(element: HTMLElement): () => void {
  /** Text as it was given, and what was made of it. */
  const known = new WeakMap<Node, { raw: string; shown: string }>();
  const update = (): void => {
    const space = SPACES[element.getAttribute('space') ?? ''];
    const decode = element.hasAttribute('decode');
    for (const node of element.childNodes) {
      if (!(node instanceof Text)) continue;
      const before = known.get(node);
      const raw = before?.shown === node.data ? before.raw : node.data;
      let shown = raw;
      if (decode)
        shown = shown.replace(/&(nbsp|lt|gt|amp|apos|ensp|emsp);/g, (_, entity: string) => ENTITIES[entity] ?? '');
      if (space) shown = shown.replaceAll(' ', space);
      known.set(node, { raw, shown });
      if (node.data !== shown) node.data = shown;
    }
  };
  new MutationObserver(update).observe(element, { childList: true, characterData: true, subtree: true });
  return update;
}
