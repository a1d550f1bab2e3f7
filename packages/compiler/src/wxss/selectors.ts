import selectorParser, { type Node, type Selector } from 'postcss-selector-parser';

export interface SelectorScope {
  /** Prefix of classes, `""` in a sheet that is not scoped. */
  scope: string;
  /** Value of the `wx-host` attribute of the component's host element. */
  host: string;
}

export interface ScopedSelector {
  selector: string;
  /** True when the selector relies on the `wx-scope` attribute. */
  marker: boolean;
  /** True when the selector has `:host`. */
  host: boolean;
}

/** Pseudo classes whose argument holds no selectors: `:nth-child(odd)` parses `odd` as a tag. */
const NO_SELECTORS = /^::?(nth-|lang|dir|state|part|highlight|view-transition)/i;

/** Tags of a web page that programs write for the page itself. */
const PAGE_TAGS = new Set(['page', 'html', 'body']);

/**
 * Makes a selector of WXSS one of the DOM that the view builds: element `view` is `wx-view`, `:host` is the host
 * element, and in a scoped sheet classes get the scope's prefix. A part without a class would match elements of other
 * components too, so it gets `[wx-scope~="…"]`.
 *
 * @throws Error when the selector cannot be parsed
 */
export function scopeSelector(selector: string, { scope, host }: SelectorScope): ScopedSelector {
  const result: ScopedSelector = { selector, marker: false, host: false };
  const processor = selectorParser((root) => {
    root.each((branch) => {
      if (scope && markCompounds(branch, scope)) result.marker = true;
    });
    root.walk((node) => {
      if (isArgument(node)) return;
      if (node.type === 'tag') renameTag(node);
      else if (node.type === 'class' && scope) node.value = `${scope}--${node.value}`;
      else if (node.type === 'attribute' && scope) scopeClassAttribute(node, scope);
    });
    root.walkPseudos((node) => {
      if (node.value.toLowerCase() !== ':host') return;
      result.host = true;
      const parts: Node[] = node.nodes.flatMap((inner) => inner.nodes.map((part) => part.clone() as Node));
      node.replaceWith(hostAttribute(host, node), ...(parts as never[]));
    });
  });
  result.selector = processor.processSync(selector, { updateSelector: false });
  return result;
}

function quotedAttribute(name: string, operator: '=' | '~=', value: string): selectorParser.Attribute {
  const attribute = selectorParser.attribute({
    attribute: name,
    operator,
    raws: {},
  } as selectorParser.AttributeOptions);
  attribute.setValue(value, { quoteMark: '"' });
  return attribute;
}

function hostAttribute(host: string, replaced: Node): selectorParser.Attribute {
  const attribute = quotedAttribute('wx-host', '=', host);
  attribute.spaces = replaced.spaces;
  return attribute;
}

function isArgument(node: Node): boolean {
  for (let parent = node.parent; parent; parent = parent.parent as typeof parent) {
    if (parent.type === 'pseudo' && NO_SELECTORS.test(parent.value)) return true;
  }
  return false;
}

function renameTag(node: selectorParser.Tag): void {
  const name = node.value;
  // Percentages of @keyframes never come here; `wx-view` is what some programs write already.
  if (name.startsWith('wx-')) return;
  node.value = PAGE_TAGS.has(name.toLowerCase()) ? 'wx-page' : `wx-${name.toLowerCase()}`;
}

/** `[class^="icon-"]` must find `SCOPE--icon-…` wherever it stands in the attribute. */
function scopeClassAttribute(node: selectorParser.Attribute, scope: string): void {
  if (node.attribute.toLowerCase() !== 'class' || node.value === undefined) return;
  if (node.operator === '^=' || (node.operator === '*=' && /^\s/.test(node.value))) {
    node.operator = '*=';
    node.setValue(`${scope}--${node.value.trim()}`, { quoteMark: '"' });
  } else if (node.operator === '~=' || node.operator === '=') {
    node.operator = '~=';
    node.setValue(`${scope}--${node.value}`, { quoteMark: '"' });
  }
}

/** Adds the marker to every compound of a selector that nothing else ties to its component. */
function markCompounds(selector: Selector, scope: string): boolean {
  let marked = false;
  let compound: Node[] = [];
  const close = () => {
    if (compound.length > 0 && needsMarker(compound)) {
      insertMarker(selector, compound, scope);
      marked = true;
    }
    compound = [];
  };
  for (const node of [...selector.nodes]) {
    if (node.type === 'combinator') close();
    else if (node.type !== 'comment') compound.push(node);
  }
  close();
  return marked;
}

function needsMarker(compound: Node[]): boolean {
  return !compound.some(
    (node) =>
      node.type === 'class' ||
      node.type === 'nesting' ||
      (node.type === 'tag' && PAGE_TAGS.has(node.value.toLowerCase())) ||
      (node.type === 'pseudo' && [':host', ':root'].includes(node.value.toLowerCase())) ||
      (node.type === 'attribute' && node.attribute.toLowerCase() === 'class' && node.operator !== '$='),
  );
}

function insertMarker(selector: Selector, compound: Node[], scope: string): void {
  const marker = quotedAttribute('wx-scope', '~=', scope);
  // Before pseudo classes and elements, which must stay at the end of their compound.
  const pseudo = compound.find((node) => node.type === 'pseudo');
  if (pseudo) {
    marker.spaces.before = pseudo.spaces.before;
    pseudo.spaces.before = '';
    selector.insertBefore(pseudo as never, marker as never);
    return;
  }
  const last = compound.at(-1)!;
  marker.spaces.after = last.spaces.after;
  last.spaces.after = '';
  selector.insertAfter(last as never, marker as never);
}
