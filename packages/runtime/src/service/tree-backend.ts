import type { NodeId, NodeQuery, ObserveRequest, PublishEvents, ViewEvent } from '@sparrow/protocol';
import type { Element as GlassElement } from 'glass-easel';
import { type Channel, publish } from '../bridge/index.ts';
import type { TreeCodec } from '../bridge/tree-codec.ts';
import { createInternTable, FIRST_FREE_ID, type FlatOps, NodeForm, Op, ROOT_ID } from '../bridge/tree-ops.ts';
import { createFlushRate } from './flush-rate.ts';
import { type NodeTree, TreeNode } from './tree-node.ts';

/** What the backend of one page needs of the framework around it. */
export interface TreeBackendOptions {
  channel: Channel;
  codec: TreeCodec;
  /** Class prefix of a style scope number; empty for shared scopes. */
  scopeName(scope: number): string;
  /** Marker attribute value for elements in this scope, when its sheet has selectors without a class. */
  scopeMarker(scope: number): string | undefined;
  /** What stands before a path with a leading slash in elements of this scope: the folder of a plugin, else `''`. */
  fileRoot(scope: number): string;
  /** Attributes for the host element of a custom component (`wx-host`). */
  hostAttributes(element: GlassElement): [string, string][] | undefined;
  viewport(): { width: number; height: number; pixelRatio: number; theme: string };
  /** The page has been changed this often a second for seconds: something runs endlessly. */
  onFlood(perSecond: number): void;
}

type QueuedOp =
  | { op: 'Insert'; parent: TreeNode; before: TreeNode | undefined; nodes: TreeNode[] }
  | { op: 'Replace'; node: TreeNode; old: TreeNode }
  | { op: 'Remove'; node: TreeNode; count: number }
  | { op: 'Class'; node: TreeNode }
  | { op: 'Text' | 'Style' | 'Id' | 'NoAttr' | 'Catch' | 'Model'; node: TreeNode; a: string }
  | { op: 'Attr'; node: TreeNode; a: string; value: unknown }
  | { op: 'Listen' | 'Sheet'; a: string };

/** Composed mode of glass-easel; the number is `BackendMode.Composed`, a const enum there. */
const COMPOSED_MODE = 2;
/** `MutLevel.Final` of glass-easel. */
const MUT_FINAL = 2;
/** Answers of a view that does not come are given up after this long, in milliseconds. */
const ANSWER_TIMEOUT_MS = 5_000;

/**
 * The composed backend of glass-easel for one page: keeps what changes during a turn of the event loop and publishes it
 * as one flush.
 */
export class TreeBackend implements NodeTree {
  readonly mode = COMPOSED_MODE as never;
  readonly root: TreeNode;
  readonly nodes = new Map<NodeId, TreeNode>();
  readonly #options: TreeBackendOptions;
  readonly #countFlush: () => void;
  readonly #intern = createInternTable();
  #queue: QueuedOp[] = [];
  #out: FlatOps = [];
  #nextId = FIRST_FREE_ID;
  #released: NodeId[] = [];
  #releasing = false;
  /** Nodes of the Insert being encoded that have marks; those follow it. */
  #marked: TreeNode[] = [];
  #scheduled = false;
  #seq = 0;
  #renderCallbacks: (() => void)[] = [];
  #awaited = new Map<number, (() => void)[]>();
  #answers = new Map<number, (results: unknown[]) => void>();
  #observers = new Map<number, (entry: unknown) => void>();
  #lastRequest = 0;
  #listened = new Set<string>();
  readonly #sheets = new Set<string>();
  #closed = false;

  constructor(options: TreeBackendOptions) {
    this.#options = options;
    this.#countFlush = createFlushRate(() => performance.now(), options.onFlood);
    this.root = new TreeNode(this, NodeForm.Element, 'page');
    this.root.id = ROOT_ID;
    this.nodes.set(ROOT_ID, this.root);
  }

  // ---- glass-easel's context protocol

  destroy(): void {
    this.close();
  }
  getWindowWidth(): number {
    return this.#options.viewport().width;
  }
  getWindowHeight(): number {
    return this.#options.viewport().height;
  }
  getDevicePixelRatio(): number {
    return this.#options.viewport().pixelRatio;
  }
  getTheme(): string {
    return this.#options.viewport().theme;
  }
  registerStyleSheetContent(): void {
    // The native layer gives the view its style sheets.
  }
  appendStyleSheetPath(path: string): number {
    if (this.#sheets.has(path)) return 0;
    this.#sheets.add(path);
    this.#enqueue({ op: 'Sheet', a: path });
    return 0;
  }
  disableStyleSheet(): void {}
  render(callback: (error: Error | null) => void): void {
    this.#renderCallbacks.push(() => callback(null));
    this.#schedule();
  }
  getRootNode(): TreeNode {
    return this.root;
  }
  createElement(logicalName: string, stylingName: string): TreeNode {
    return new TreeNode(this, NodeForm.Element, logicalName === 'wx-x' ? `#${stylingName}` : stylingName);
  }
  createTextNode(text: string): TreeNode {
    const node = new TreeNode(this, NodeForm.Text, '');
    node.text = text;
    return node;
  }
  createFragment(): TreeNode {
    const node = new TreeNode(this, 3, '');
    node.children = [];
    return node;
  }
  onEvent(): void {
    // Events are dispatched by `page-events.ts`, which needs touches and offsets, too.
  }

  // ---- structure, called by the nodes

  insert(parent: TreeNode, child: TreeNode, before: TreeNode | undefined): void {
    const nodes = child.form === 3 ? (child.children ?? []) : [child];
    if (child.form === 3) child.children = [];
    if (nodes.length === 0) return;
    if (parent.id === 0) {
      // A node the view already has moves into one it does not: settle what is queued, or its old place would be asked
      // for after it has left.
      const queued = nodes.some((node) => node.queued);
      if (queued || (nodes.some((node) => node.id !== 0) && topOf(parent).queued)) {
        this.#encodeQueue();
        // Now the parent may be one the view knows.
        return this.insert(parent, wrap(this, nodes), before);
      }
      parent.children ??= [];
      for (const node of nodes) this.#detach(node);
      const at = before ? parent.children.indexOf(before) : -1;
      if (at < 0) parent.children.push(...nodes);
      else parent.children.splice(at, 0, ...nodes);
      for (const node of nodes) node.parent = parent;
      return;
    }
    for (const node of nodes) {
      this.#leavePendingParent(node);
      if (node.id === 0) node.queued = true;
    }
    this.#enqueue({ op: 'Insert', parent, before, nodes });
  }

  remove(parent: TreeNode, first: TreeNode, count: number): void {
    if (parent.id === 0) {
      const at = parent.children?.indexOf(first) ?? -1;
      if (at < 0) return;
      for (const node of parent.children?.splice(at, count) ?? []) node.parent = undefined;
      return;
    }
    this.#enqueue({ op: 'Remove', node: first, count });
  }

  replace(parent: TreeNode, child: TreeNode, old: TreeNode): void {
    if (parent.id === 0 || child.form === 3) {
      this.insert(parent, child, old);
      this.remove(parent, old, 1);
      return;
    }
    this.#leavePendingParent(child);
    if (child.id === 0) child.queued = true;
    this.#enqueue({ op: 'Replace', node: child, old });
  }

  #leavePendingParent(node: TreeNode): void {
    const siblings = node.parent?.children;
    if (siblings) {
      const at = siblings.indexOf(node);
      if (at >= 0) siblings.splice(at, 1);
    }
    node.parent = undefined;
  }

  #detach(node: TreeNode): void {
    this.#leavePendingParent(node);
    if (node.id !== 0) this.#enqueue({ op: 'Remove', node, count: 1 });
  }

  // ---- state, called by the nodes

  push(op: 'Text' | 'Style' | 'Id' | 'NoAttr', node: TreeNode, a: string): void;
  push(op: 'Attr', node: TreeNode, a: string, value: unknown): void;
  push(op: 'Text' | 'Style' | 'Id' | 'NoAttr' | 'Attr', node: TreeNode, a: string, value?: unknown): void {
    if (op === 'Attr') this.#enqueue({ op, node, a, value });
    else this.#enqueue({ op, node, a });
  }

  /** Several class changes of one node in a row become one. */
  classChanged(node: TreeNode): void {
    const last = this.#queue.at(-1);
    if (last?.op === 'Class' && last.node === node) return;
    this.#enqueue({ op: 'Class', node });
  }

  listen(node: TreeNode, type: string, mutLevel: number): void {
    if (!this.#listened.has(type)) {
      this.#listened.add(type);
      this.#enqueue({ op: 'Listen', a: type });
    }
    if (mutLevel === MUT_FINAL && (type.startsWith('touch') || type === 'wheel')) this.#mark(node, 'Catch', type);
  }

  listenModel(node: TreeNode, attribute: string): void {
    this.#mark(node, 'Model', attribute);
  }

  #mark(node: TreeNode, op: 'Catch' | 'Model', a: string): void {
    if (node.id !== 0) return this.#enqueue({ op, node, a });
    node.marks ??= [];
    node.marks.push([op, a]);
  }

  className(name: string, scope: number | undefined): string {
    const prefix = scope === undefined ? '' : this.#options.scopeName(scope);
    return prefix ? `${prefix}--${name}` : name;
  }
  scopeMarker(scope: number): string | undefined {
    return this.#options.scopeMarker(scope);
  }
  fileRoot(scope: number): string {
    return this.#options.fileRoot(scope);
  }
  hostAttributes(element: GlassElement): [string, string][] | undefined {
    return this.#options.hostAttributes(element);
  }

  /**
   * What the view need not know any more is told in a task of its own: it holds memory only, and the frame that shows
   * the change does not wait for it.
   */
  releaseNode(node: TreeNode): void {
    this.#released.push(node.id);
    if (this.#releasing || this.#closed) return;
    this.#releasing = true;
    setTimeout(() => this.#tellReleased(), 0);
  }

  /** The node's id, flushing first when the view does not know it yet. */
  idOf(node: TreeNode): NodeId {
    if (node.id === 0) this.flush();
    return node.id;
  }

  // ---- questions to the view

  query(requests: NodeQuery[]): Promise<unknown[]> {
    return this.#ask('query', (id) => [id, requests]);
  }

  /** Calls a method of a built-in component in the view. */
  async call(node: NodeId, method: string, args: unknown[]): Promise<unknown> {
    const [result] = await this.#ask('call', (id) => [id, node, method, args]);
    return result;
  }

  #ask<K extends 'query' | 'call'>(event: K, args: (id: number) => PublishEvents[K]): Promise<unknown[]> {
    if (this.#closed) return Promise.resolve([]);
    this.flush();
    const id = ++this.#lastRequest;
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.answer(id, []), ANSWER_TIMEOUT_MS);
      this.#answers.set(id, (results) => {
        clearTimeout(timer);
        resolve(results);
      });
      publish(this.#options.channel, event, ...args(id));
    });
  }

  observe(request: ObserveRequest, listener: (entry: unknown) => void): { disconnect(): void } {
    this.flush();
    const id = ++this.#lastRequest;
    this.#observers.set(id, listener);
    publish(this.#options.channel, 'observe', id, request);
    return {
      disconnect: () => {
        if (this.#observers.delete(id) && !this.#closed) publish(this.#options.channel, 'unobserve', id);
      },
    };
  }

  answer(id: number, results: unknown[]): void {
    const resolve = this.#answers.get(id);
    this.#answers.delete(id);
    resolve?.(results);
  }
  observed(id: number, entry: unknown): void {
    this.#observers.get(id)?.(entry);
  }
  rendered(seq: number): void {
    const callbacks = this.#awaited.get(seq);
    this.#awaited.delete(seq);
    for (const callback of callbacks ?? []) callback();
  }
  model(id: NodeId, attribute: string, value: unknown): void {
    const node = this.nodes.get(id);
    // The view has this value already; remember it so that an equal setData is still sent when it differs.
    node?.attributes?.set(attribute, value);
    this.#whileEcho(node, attribute, value, () => node?.models?.get(attribute)?.(value));
  }
  /** Runs what an event of the view sets off; what an `input` event says is not sent back to where it came from. */
  handling(event: ViewEvent, run: () => void): void {
    const node = event.type === 'input' ? this.nodes.get(event.node) : undefined;
    this.#whileEcho(node, 'value', (event.detail as { value?: unknown } | null)?.value, run);
  }
  #whileEcho(node: TreeNode | undefined, name: string, value: unknown, run: () => void): void {
    if (!node) return run();
    node.echo = { name, value };
    try {
      run();
    } finally {
      node.echo = undefined;
    }
  }
  elementOf(event: ViewEvent): GlassElement | undefined {
    return this.nodes.get(event.node)?.element;
  }

  // ---- flushing

  #enqueue(op: QueuedOp): void {
    this.#queue.push(op);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled || this.#closed) return;
    this.#scheduled = true;
    queueMicrotask(() => this.flush());
  }

  /** Publishes everything that has changed. */
  flush(): void {
    this.#scheduled = false;
    if (this.#closed) return;
    this.#encodeQueue();
    const callbacks = this.#renderCallbacks;
    if (this.#out.length === 0 && callbacks.length === 0) return;
    const seq = ++this.#seq;
    this.#countFlush();
    if (callbacks.length > 0) {
      this.#renderCallbacks = [];
      this.#awaited.set(seq, callbacks);
    }
    const ops: FlatOps = this.#out;
    this.#out = [];
    publish(this.#options.channel, 'flush', seq, callbacks.length > 0, this.#options.codec.encode(ops));
  }

  #tellReleased(): void {
    this.#releasing = false;
    if (this.#closed) return;
    const ids = Float64Array.from(this.#released).sort();
    this.#released = [];
    let from = ids[0] as number;
    let to = from;
    const ranges: number[] = [];
    for (const id of ids) {
      this.nodes.delete(id);
      if (id > to + 1) {
        ranges.push(from, to);
        from = id;
      }
      to = id;
    }
    ranges.push(from, to);
    // What is queued may still name them.
    this.#encodeQueue();
    for (let i = 0; i < ranges.length; i += 2) this.#out.push(Op.Release, ranges[i], ranges[i + 1]);
    this.flush();
  }

  #encodeQueue(): void {
    const queue = this.#queue;
    this.#queue = [];
    const out = this.#out;
    for (const entry of queue) {
      switch (entry.op) {
        case 'Insert':
          out.push(Op.Insert, entry.parent.id, entry.before?.id ?? 0, entry.nodes.length);
          for (const node of entry.nodes) this.#encodeNode(node);
          this.#encodeMarks();
          break;
        case 'Replace':
          out.push(Op.Replace);
          this.#encodeNode(entry.node);
          out.push(entry.old.id);
          this.#encodeMarks();
          break;
        case 'Remove':
          if (entry.node.id === 0) break;
          if (entry.count === 1) out.push(Op.Remove, entry.node.id);
          else out.push(Op.Splice, entry.node.id, entry.count);
          break;
        case 'Class':
          out.push(Op.Class, entry.node.id, this.#intern.code(entry.node.classes));
          break;
        case 'Attr':
          out.push(Op.Attr, entry.node.id, this.#intern.code(entry.a), entry.value);
          break;
        case 'NoAttr':
          out.push(Op.NoAttr, entry.node.id, this.#intern.code(entry.a));
          break;
        case 'Listen':
        case 'Sheet':
          out.push(Op[entry.op], entry.a);
          break;
        default:
          out.push(Op[entry.op], entry.node.id, entry.a);
      }
    }
  }

  #encodeMarks(): void {
    for (const node of this.#marked.splice(0)) {
      for (const [op, a] of node.marks ?? []) this.#out.push(Op[op], node.id, a);
      node.marks = undefined;
    }
  }

  #encodeNode(node: TreeNode): void {
    const out = this.#out;
    if (node.id !== 0) {
      out.push(NodeForm.Existing, node.id);
      return;
    }
    node.id = this.#nextId++;
    node.queued = false;
    node.parent = undefined;
    if (node.released) this.releaseNode(node);
    else this.nodes.set(node.id, node);
    if (node.marks) this.#marked.push(node);
    if (node.form === NodeForm.Text) {
      out.push(NodeForm.Text, node.text);
      return;
    }
    if (node.element?.slot === 'refresher' && isScrollView(node.element.parentNode))
      node.setAttribute('slot', 'refresher');
    const { attributes, children } = node;
    out.push(
      NodeForm.Element,
      this.#intern.code(node.tag),
      this.#intern.code(node.classes),
      node.style,
      node.domId,
      attributes?.size ?? 0,
    );
    if (attributes) for (const [name, value] of attributes) out.push(this.#intern.code(name), value);
    out.push(children?.length ?? 0);
    node.children = undefined;
    if (children) for (const child of children) this.#encodeNode(child);
  }

  close(): void {
    this.#closed = true;
    this.#queue = [];
    this.nodes.clear();
    this.#observers.clear();
    for (const resolve of this.#answers.values()) resolve([]);
    this.#answers.clear();
    for (const callbacks of this.#awaited.values()) for (const callback of callbacks) callback();
    this.#awaited.clear();
  }
}

/** The one component of the view with a named slot of its own; other names are the business of custom components. */
function isScrollView(node: GlassElement | null): boolean {
  return (node as { is?: string } | null)?.is === 'scroll-view';
}

function topOf(node: TreeNode): TreeNode {
  let top = node;
  while (top.parent) top = top.parent;
  return top;
}

function wrap(page: TreeBackend, nodes: TreeNode[]): TreeNode {
  const fragment = page.createFragment();
  fragment.children = nodes;
  return fragment;
}
