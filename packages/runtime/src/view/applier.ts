import { BUILTIN_COMPONENTS, type NodeId } from '@sparrow/protocol';
import {
  createInternTable,
  type FlatOps,
  HOST_PREFIX,
  keepStamp,
  NodeForm,
  Op,
  ROOT_ID,
  type Stamp,
} from '../bridge/tree-ops.ts';
import { breakLines, textAttribute } from '../components/text.ts';
import type { WxElement } from '../components/wx-element.ts';
import { playAnimation } from './animation.ts';
import { needFacts } from './node-facts.ts';
import { createStamp, type ViewStamp } from './stamps.ts';
import type { RunValue, ViewWxs } from './wxs-events.ts';

/** Where a node's number stands on the DOM node. */
const ID = Symbol('sparrow node');
type Numbered = Node & { [ID]?: NodeId };

/** On elements that have a template of their own. */
const HOST = Symbol('sparrow host');
type Hosting = HTMLElement & { [HOST]?: true };
const PAGE_TAGS: ReadonlySet<string> = new Set(['page', 'custom-tab-bar']);

/** The host of a component, or of the page. */
export const isHost = (element: Element): boolean => (element as Hosting)[HOST] === true;

/** Parts of the document a page lives in. */
export interface TreeTarget {
  document: Document;
  /** What scrolls; the page's own element `<wx-page>` is its child. */
  root: HTMLElement;
  addSheet(path: string): void;
  listen(type: string): void;
  /** A built-in component that we do not have was used. */
  unsupported(name: string): void;
  /** Handlers in WXS, and what they must know. */
  wxs: ViewWxs;
}

/** Applies batches of tree changes to the DOM of one page. */
export class TreeApplier {
  readonly #target: TreeTarget;
  readonly #intern = createInternTable();
  readonly #nodes: (Numbered | undefined)[] = [];
  readonly #stamps = new Map<number, ViewStamp>();
  #count = ROOT_ID;

  constructor(target: TreeTarget) {
    this.#target = target;
    this.#number(target.root, ROOT_ID);
  }

  /** The DOM node with this number. */
  node(id: NodeId): Node | undefined {
    return this.#nodes[id];
  }
  element(id: NodeId): HTMLElement | undefined {
    const node = this.#nodes[id];
    return node instanceof HTMLElement ? node : undefined;
  }
  /** The number of the nearest node of the tree at or above this one, through shadow roots of components. */
  /** The number of a node of the tree itself. */
  numberOf(node: Node | null): NodeId {
    return (node as Numbered | null)?.[ID] ?? 0;
  }
  idAt(start: Node | null): NodeId {
    for (let node = start as Numbered | null; node; node = parentOf(node)) {
      const id = node[ID];
      if (id !== undefined) return id;
    }
    return 0;
  }

  apply(ops: FlatOps): void {
    let at = 0;
    const next = (): unknown => ops[at++];
    const text = (): string => this.#intern.text(next() as string | number);
    const nodeById = (): Numbered | undefined => this.#nodes[next() as number];
    const { document, wxs } = this.#target;

    const build = (parent = ''): Node | undefined => {
      const form = next();
      if (form === NodeForm.Existing) return nodeById();
      if (form === NodeForm.Text) {
        const node = document.createTextNode(parent === 'text' ? breakLines(next() as string) : (next() as string));
        this.#number(node, ++this.#count);
        return node;
      }
      const tag = text();
      const element = this.#create(tag);
      this.#number(element, ++this.#count);
      const className = text();
      if (className) element.className = className;
      const style = next() as string;
      if (style) element.style.cssText = style;
      const domId = next() as string;
      if (domId) element.id = domId;
      for (let attributes = next() as number; attributes > 0; attributes--) setAttribute(element, text(), next());
      let children = next() as number;
      if (children < 0) stamp(element, -children);
      for (; children > 0; children--) {
        const child = build(tag);
        if (child) homeOf(element).appendChild(child);
      }
      return element;
    };

    /** Puts a copy of a stamp into the element, with the values that follow. */
    const stamp = (element: HTMLElement, number: number): void => {
      let known = this.#stamps.get(number);
      if (!known) {
        known = createStamp(next() as Stamp, document, (tag) => this.#create(tag), setAttribute);
        keepStamp(this.#stamps, number, known);
      }
      const { content, nodes } = known.copy();
      for (const node of nodes) this.#number(node, ++this.#count);
      known.fill(nodes, next);
      for (const [node, type, capture] of known.catches)
        wxs.catch(nodes[node - 1] as HTMLElement, type, capture === 1, true);
      homeOf(element).appendChild(content);
    };

    while (at < ops.length) {
      const op = next();
      switch (op) {
        case Op.Insert: {
          const parent = homeOf(nodeById());
          const before = nodeById() ?? null;
          let count = next() as number;
          // One insertion into the document, however many nodes.
          const target = count > 1 ? document.createDocumentFragment() : undefined;
          for (; count > 0; count--) {
            const node = build();
            if (!node) continue;
            if (target) target.appendChild(node);
            else parent?.insertBefore(node, before?.parentNode === parent ? before : null);
          }
          if (target) parent?.insertBefore(target, before?.parentNode === parent ? before : null);
          break;
        }
        case Op.Remove: {
          const first = nodeById();
          let last: Node | undefined = first;
          let count = 1;
          // A list that goes is told row by row; what stood together is removed at once.
          while (
            last?.nextSibling &&
            ops[at] === Op.Remove &&
            this.#nodes[ops[at + 1] as number] === last.nextSibling
          ) {
            last = last.nextSibling;
            count++;
            at += 2;
          }
          removeSiblings(first, count);
          break;
        }
        case Op.Splice: {
          const first = nodeById();
          removeSiblings(first, next() as number);
          break;
        }
        case Op.Replace: {
          const fresh = build();
          const old = nodeById();
          if (fresh && old?.parentNode) old.parentNode.replaceChild(fresh, old);
          break;
        }
        case Op.Text: {
          const node = nodeById();
          const value = next() as string;
          if (node) node.nodeValue = node.parentElement?.localName === 'wx-text' ? breakLines(value) : value;
          break;
        }
        case Op.Class: {
          const element = nodeById() as HTMLElement | undefined;
          const value = text();
          if (!element) break;
          element.className = value;
          wxs.descriptors.restore(element, 'class');
          break;
        }
        case Op.Style: {
          const element = nodeById() as HTMLElement | undefined;
          const value = next() as string;
          if (!element) break;
          element.style.cssText = value;
          wxs.descriptors.restore(element, 'style');
          (element as WxElement).styleReplaced?.();
          break;
        }
        case Op.Id: {
          const element = nodeById() as HTMLElement | undefined;
          const value = next() as string;
          if (element) element.id = value;
          break;
        }
        case Op.Attr: {
          const element = nodeById() as HTMLElement | undefined;
          const name = text();
          const value = next();
          if (element) setAttribute(element, name, value);
          break;
        }
        case Op.NoAttr: {
          const element = nodeById() as HTMLElement | undefined;
          const name = text();
          if (element) setAttribute(element, name, undefined);
          break;
        }
        case Op.Listen:
          this.#target.listen(next() as string);
          break;
        case Op.Catch: {
          const element = nodeById() as HTMLElement | undefined;
          const type = next() as string;
          const capture = next() === 1;
          const on = next() === 1;
          if (element) wxs.catch(element, type, capture, on);
          break;
        }
        case Op.Model: {
          const element = nodeById() as WxElement | undefined;
          const name = next() as string;
          element?.bindModel?.(name);
          break;
        }
        case Op.Sheet:
          this.#target.addSheet(next() as string);
          break;
        case Op.Release: {
          const from = next() as number;
          const to = next() as number;
          for (let id = from; id <= to; id++) this.#nodes[id] = undefined;
          wxs.descriptors.forget(from, to);
          break;
        }
        case Op.Hear: {
          const element = nodeById() as HTMLElement | undefined;
          const type = next() as string;
          if (element) wxs.hear(element, type);
          break;
        }
        case Op.Script:
          wxs.modules.add(next() as number, next() as string, next() as Record<string, number>);
          break;
        case Op.Scope:
          wxs.descriptors.setPrefixes(next() as NodeId, next() as string[]);
          break;
        case Op.Owner: {
          const node = nodeById();
          const owner = next() as NodeId;
          if (node) needFacts(node).owner = owner;
          break;
        }
        case Op.Data: {
          const node = nodeById();
          const dataset = next() as Record<string, unknown>;
          if (node) needFacts(node).dataset = dataset;
          break;
        }
        case Op.Handle: {
          const element = nodeById() as HTMLElement | undefined;
          const type = next() as string;
          const flags = next() as number;
          const script = next() as number;
          const path = next() as string[];
          if (element) wxs.handle(element, type, flags, script, path);
          break;
        }
        case Op.Run: {
          const element = nodeById() as HTMLElement | undefined;
          const component = next() as NodeId;
          const script = next() as number;
          const path = next() as string[];
          const value = next() as RunValue;
          if (element) wxs.later(element, component, script, path, value);
          break;
        }
        default:
          throw new Error(`unknown tree operation ${String(op)} at ${at - 1} of ${ops.length}`);
      }
    }
    wxs.settle();
  }

  #create(tag: string): HTMLElement {
    const { document } = this.#target;
    const isHost = tag.startsWith(HOST_PREFIX);
    const name = isHost ? hostName(tag.slice(1)) : `wx-${tag}`;
    if (Object.hasOwn(BUILTIN_COMPONENTS, tag) && !BUILTIN_COMPONENTS[tag]) this.#target.unsupported(tag);
    try {
      const element: Hosting = document.createElement(name);
      if (isHost || PAGE_TAGS.has(tag)) element[HOST] = true;
      return element;
    } catch {
      return document.createElement('wx-unknown');
    }
  }

  #number(node: Numbered, id: NodeId): void {
    node[ID] = id;
    this.#nodes[id] = node;
  }
}

/** Where the children of this node go: a portal keeps its own elsewhere. */
function homeOf<T extends Node | undefined>(parent: T): T | HTMLElement {
  return (parent as (Node & { contentHome?: HTMLElement }) | undefined)?.contentHome ?? parent;
}

/** Host of a custom component: never the name of a built-in element, whose behavior it would get. */
function hostName(tag: string): string {
  const name = `wx-${tag}`;
  return customElements.get(name) ? `wx-x-${tag}` : name;
}

function setAttribute(element: HTMLElement, name: string, given: unknown): void {
  // Every component has `hidden`, and any value that is not true shows it: `hidden="{{list.length}}"`.
  const value = name === 'hidden' ? Boolean(given) || undefined : given;
  if (name === 'animation' && playAnimation(element, value)) return;
  const component = element as WxElement;
  if (element.localName === 'wx-text') textAttribute(element, name, value);
  if (component.setWxAttribute) component.setWxAttribute(name, value);
  else if (value === undefined || value === null || value === false) element.removeAttribute(name);
  else
    try {
      element.setAttribute(
        name,
        value === true ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value),
      );
    } catch {
      // A name that HTML does not allow has no meaning to any component either.
    }
}

/** Removes `count` siblings beginning with `first`; all of a parent at once when they are all it has. */
function removeSiblings(first: Node | undefined, count: number): void {
  const parent = first?.parentNode;
  if (!first || !parent) return;
  if (count === 1) {
    parent.removeChild(first);
    return;
  }
  if (parent.firstChild === first && parent.childNodes.length === count) {
    parent.textContent = '';
    return;
  }
  const range = first.ownerDocument?.createRange();
  let last: Node = first;
  for (let rest = count - 1; rest > 0 && last.nextSibling; rest--) last = last.nextSibling;
  range?.setStartBefore(first);
  range?.setEndAfter(last);
  range?.deleteContents();
}

function parentOf(node: Node): Node | null {
  return node.parentNode ?? (node instanceof ShadowRoot ? node.host : null);
}
