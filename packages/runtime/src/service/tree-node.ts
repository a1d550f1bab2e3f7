import type { NodeId, NodeQuery, ObserveRequest } from '@sparrow/protocol';
import type { backend, EventBubbleStatus, Element as GlassElement } from 'glass-easel';
import { HOST_PREFIX, type NodeForm } from '../bridge/tree-ops.ts';

type Rect = { left: number; top: number; width: number; height: number };
type Scroll = { scrollLeft: number; scrollTop: number; scrollWidth: number; scrollHeight: number };
type ModelListener = (value: unknown) => void;

/** rpx in inline styles follows the same rule as in compiled style sheets. */
function convertRpx(css: string): string {
  return css.includes('rpx') ? css.replace(/(-?\d*\.?\d+)rpx\b/g, 'calc(var(--rpx) * $1)') : css;
}

/** The tree a node belongs to: it takes the node's changes, and asks the view for what only the view knows. */
export interface NodeTree {
  insert(parent: TreeNode, child: TreeNode, before: TreeNode | undefined): void;
  remove(parent: TreeNode, first: TreeNode, count: number): void;
  replace(parent: TreeNode, child: TreeNode, old: TreeNode): void;
  push(op: 'Text' | 'Style' | 'Id' | 'NoAttr' | 'Attr', node: TreeNode, a: string, value?: unknown): void;
  classChanged(node: TreeNode): void;
  releaseNode(node: TreeNode): void;
  listen(node: TreeNode, type: string, mutLevel: number): void;
  listenModel(node: TreeNode, attribute: string): void;
  className(name: string, scope: number | undefined): string;
  scopeMarker(scope: number): string | undefined;
  fileRoot(scope: number): string;
  hostAttributes(element: GlassElement): [string, string][] | undefined;
  idOf(node: TreeNode): NodeId;
  query(requests: NodeQuery[]): Promise<unknown[]>;
  call(node: NodeId, method: string, args: unknown[]): Promise<unknown>;
  observe(request: ObserveRequest, listener: (entry: unknown) => void): { disconnect(): void };
}

const CLASS_ATTRIBUTE = /(^|-)class$|Class$/;
/** Attributes that name a file, from the root of the package or the plugin. */
const FILE_ATTRIBUTES = new Set(['src', 'poster', 'icon-path', 'image']);

/**
 * One node as glass-easel sees it. A new node collects its state here and is written as a whole when the batch is
 * encoded; once it has an id, every change is an operation of its own.
 */
export class TreeNode {
  readonly page: NodeTree;
  readonly form: (typeof NodeForm)[keyof typeof NodeForm] | 3;
  readonly tag: string;
  /** 0 until it is encoded. */
  id = 0;
  text = '';
  classes = '';
  style = '';
  domId = '';
  attributes: Map<string, unknown> | undefined;
  /** Only of nodes that are new, and of fragments. */
  children: TreeNode[] | undefined;
  parent: TreeNode | undefined;
  /** Part of an Insert that waits in the queue. */
  queued = false;
  released = false;
  /**
   * What the user has just entered, while the program is told of it. Sent back, it would take away what was typed
   * meanwhile; the view has it.
   */
  echo: { name: string; value: unknown } | undefined;
  element: GlassElement | undefined;
  models: Map<string, ModelListener> | undefined;
  /** Catch and Model operations that wait for the node's id. */
  marks: ['Catch' | 'Model', string][] | undefined;
  #scope = 0;
  #extraScope: number | undefined;
  __wxElement?: GlassElement;

  constructor(page: NodeTree, form: TreeNode['form'], tag: string) {
    this.page = page;
    this.form = form;
    this.tag = tag;
  }

  get isHost(): boolean {
    return this.tag.startsWith(HOST_PREFIX);
  }

  release(): void {
    this.released = true;
    this.element = undefined;
    if (this.id) this.page.releaseNode(this);
  }

  associateValue(element: GlassElement): void {
    this.element = element;
    if (this.isHost) {
      const host = this.page.hostAttributes(element);
      if (host) for (const [name, value] of host) this.setAttribute(name, value);
    }
  }

  appendChild(child: TreeNode): void {
    this.page.insert(this, child, undefined);
  }
  removeChild(child: TreeNode): void {
    this.page.remove(this, child, 1);
  }
  insertBefore(child: TreeNode, before: TreeNode): void {
    this.page.insert(this, child, before);
  }
  replaceChild(child: TreeNode, old: TreeNode): void {
    this.page.replace(this, child, old);
  }
  spliceBefore(before: TreeNode, deleteCount: number, list: TreeNode): void {
    this.page.insert(this, list, before);
    if (deleteCount > 0) this.page.remove(this, before, deleteCount);
  }
  spliceAppend(list: TreeNode): void {
    this.page.insert(this, list, undefined);
  }
  spliceRemove(before: TreeNode, deleteCount: number): void {
    this.page.remove(this, before, deleteCount);
  }

  setId(prefixed: string): void {
    // The adapter puts the instance's number and `--` before it; the page's sheets say `#id`.
    const id = prefixed.slice(prefixed.indexOf('--') + 2);
    this.domId = id;
    if (this.id) this.page.push('Id', this, id);
  }

  setStyleScope(scope: number, extraScope?: number): void {
    this.#scope = scope;
    this.#extraScope = extraScope;
    const marker = this.page.scopeMarker(scope);
    if (marker) this.setAttribute('wx-scope', marker);
  }

  setStyle(css: string): void {
    this.style = convertRpx(css);
    if (this.id) this.page.push('Style', this, this.style);
  }

  addClass(name: string, scope?: number): void {
    const resolved = this.page.className(name, scope);
    this.classes = this.classes ? `${this.classes} ${resolved}` : resolved;
    if (this.id) this.page.classChanged(this);
  }
  removeClass(name: string, scope?: number): void {
    const resolved = this.page.className(name, scope);
    this.classes = this.classes
      .split(' ')
      .filter((c) => c !== resolved)
      .join(' ');
    if (this.id) this.page.classChanged(this);
  }
  clearClasses(): void {
    this.classes = '';
    if (this.id) this.page.classChanged(this);
  }

  setAttribute(name: string, value: unknown): void {
    if (value === undefined) return this.removeAttribute(name);
    // A WXS function cannot cross the bridge and no component takes one.
    if (typeof value === 'function') return;
    // `hover-class` and the like name classes of this scope.
    const sent = typeof value === 'string' ? this.#ofScope(name, value) : value;
    this.attributes ??= new Map();
    this.attributes.set(name, sent);
    if (this.echo?.name === name) {
      if (this.echo.value === sent) return;
      // Another value has been sent: what the user entered would have to be sent, too, to come back.
      this.echo = undefined;
    }
    if (this.id) this.page.push('Attr', this, name, sent);
  }
  removeAttribute(name: string): void {
    if (this.attributes?.delete(name) && this.id) this.page.push('NoAttr', this, name);
  }

  /** What a text of the template means in the page, where there are no scopes. */
  #ofScope(name: string, value: string): string {
    if (CLASS_ATTRIBUTE.test(name)) return this.#scopedClasses(value);
    return FILE_ATTRIBUTES.has(name) && /^\/(?!\/)/.test(value) ? this.page.fileRoot(this.#scope) + value : value;
  }

  #scopedClasses(value: string): string {
    const names = value.split(/\s+/).filter(Boolean);
    return names
      .flatMap((name) => {
        if (name === 'none') return [name];
        const own = this.page.className(name, this.#scope);
        return this.#extraScope === undefined ? [own] : [this.page.className(name, this.#extraScope), own];
      })
      .join(' ');
  }

  setText(text: string): void {
    this.text = text;
    if (this.id) this.page.push('Text', this, text);
  }

  setModelBindingStat(attribute: string, listener: ModelListener | null): void {
    this.models ??= new Map();
    if (listener) this.models.set(attribute, listener);
    else this.models.delete(attribute);
    this.page.listenModel(this, attribute);
  }

  setListenerStats(type: string, _capture: boolean, mutLevel: number): void {
    this.page.listen(this, type, mutLevel);
  }

  getBoundingClientRect(callback: (rect: Rect) => void): void {
    void this.page.query([{ node: this.page.idOf(this), rect: true, size: true }]).then(([answer]) => {
      callback((answer ?? { left: 0, top: 0, width: 0, height: 0 }) as Rect);
    });
  }
  getScrollOffset(callback: (offset: Scroll) => void): void {
    void this.page.query([{ node: this.page.idOf(this), scrollOffset: true }]).then(([answer]) => {
      callback((answer ?? { scrollLeft: 0, scrollTop: 0, scrollWidth: 0, scrollHeight: 0 }) as Scroll);
    });
  }
  createIntersectionObserver(
    relativeTo: TreeNode | null,
    margin: string,
    thresholds: number[],
    listener: (status: backend.IntersectionStatus) => void,
  ): { disconnect(): void } {
    const [top = 0, right = 0, bottom = 0, left = 0] = margin.split(' ').map(Number.parseFloat);
    return this.page.observe(
      {
        kind: 'intersection',
        node: this.page.idOf(this),
        relativeTo: relativeTo ? this.page.idOf(relativeTo) : 0,
        margins: { top, right, bottom, left },
        thresholds,
      },
      (entry) => listener(entry as backend.IntersectionStatus),
    );
  }
}

export type { EventBubbleStatus };
