import type { Stamp, StampNode } from '../bridge/tree-ops.ts';
import { breakLines } from '../components/text.ts';
import type { WxElement } from '../components/wx-element.ts';

type SetAttribute = (element: HTMLElement, name: string, value: unknown) => void;

/** What is inside of many rows alike: made once, copied for each. */
export interface ViewStamp {
  readonly catches: Stamp['catches'];
  /** The nodes are in their order in the document. */
  copy(): { content: DocumentFragment; nodes: Node[] };
  /** Gives the copied nodes their values, taken one by one. */
  fill(nodes: Node[], next: () => unknown): void;
}

export function createStamp(
  stamp: Stamp,
  document: Document,
  create: (tag: string) => HTMLElement,
  setAttribute: SetAttribute,
): ViewStamp {
  /** Attributes that a component wants to be told of by a call: a copy of the element has not heard them. */
  const told: [node: number, name: string, value: unknown][] = [];
  const { holes, catches } = stamp;
  /** Texts in which a backslash and an n break the line. */
  const broken = new Set<number>();
  const isHole = (node: number, name: string): boolean =>
    holes.some((hole) => hole[0] === node && hole[1] === 'attribute' && hole[2] === name);
  let count = 0;

  function build(node: StampNode, parent: string): Node {
    const number = ++count;
    if (typeof node === 'string') {
      if (parent !== 'text') return document.createTextNode(node);
      broken.add(number);
      return document.createTextNode(breakLines(node));
    }
    const [tag, className, style, id, attributes, children] = node;
    const element = create(tag);
    if (className) element.className = className;
    if (style) element.style.cssText = style;
    if (id) element.id = id;
    for (const [name, value] of attributes) {
      if (isHole(number, name)) continue;
      if ('setWxAttribute' in element || tag === 'text') told.push([number, name, value]);
      else setAttribute(element, name, value);
    }
    for (const child of children) element.appendChild(build(child, tag));
    return element;
  }
  const original = document.createDocumentFragment();
  for (const node of stamp.nodes) original.appendChild(build(node, stamp.tag));

  return {
    catches,
    copy() {
      const content = original.cloneNode(true) as DocumentFragment;
      const nodes: Node[] = [];
      const collect = (parent: Node): void => {
        for (let node = parent.firstChild; node; node = node.nextSibling) {
          nodes.push(node);
          collect(node);
        }
      };
      collect(content);
      return { content, nodes };
    },
    fill(nodes, next) {
      for (const [node, name, value] of told) setAttribute(nodes[node - 1] as WxElement, name, value);
      for (const [at, what, name] of holes) {
        const node = nodes[at - 1];
        const value = next();
        if (what === 'text') (node as Text).data = broken.has(at) ? breakLines(value as string) : (value as string);
        else if (what === 'class') (node as HTMLElement).className = value as string;
        else if (what === 'style') (node as HTMLElement).style.cssText = value as string;
        else if (what === 'id') (node as HTMLElement).id = value as string;
        else setAttribute(node as HTMLElement, name, value);
      }
    },
  };
}
