import type { NodeId, NodeQuery, ObserveRequest, ViewEvent } from '@sparrow/protocol';
import type { Element as GlassElement } from 'glass-easel';
import { type Channel, publish } from '../bridge/index.ts';
import type { TreeCodec } from '../bridge/tree-codec.ts';
import {
  createInternTable,
  FIRST_FREE_ID,
  type FlatOps,
  keepStamp,
  NodeForm,
  Op,
  ROOT_ID,
  type Stamp,
  type StampHole,
} from '../bridge/tree-ops.ts';
import { createFlushRate } from './flush-rate.ts';
import type { LightRows } from './light-rows.ts';
import { type NodeInside, type NodeTree, TreeNode } from './tree-node.ts';
import { ViewQuestions } from './view-questions.ts';
import { ViewScripts } from './view-scripts.ts';

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
  | { op: 'Text' | 'Style' | 'Id' | 'NoAttr'; node: TreeNode; a: string }
  | { op: 'Attr'; node: TreeNode; a: string; value: unknown }
  | { op: 'Write'; write: (out: FlatOps) => void }
  | { op: 'Listen' | 'Sheet'; a: string };

/** Composed mode of glass-easel; the number is `BackendMode.Composed`, a const enum there. */
const COMPOSED_MODE = 2;
/** `MutLevel.Final` of glass-easel. */
const MUT_FINAL = 2;
/**
 * The composed backend of glass-easel for one page: keeps what changes during a turn of the event loop and publishes it
 * as one flush.
 */
export class TreeBackend implements NodeTree {
  readonly mode = COMPOSED_MODE as never;
  readonly root: TreeNode;
  readonly nodes = new Map<NodeId, TreeNode>();
  readonly questions: ViewQuestions;
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
  #listened = new Set<string>();
  readonly #sheets = new Set<string>();
  #scripts: ViewScripts | undefined;
  #isQuiet = false;
  #adopting: TreeNode | undefined;
  #adoptedId: NodeId = 0;
  readonly #stamps = new Map<Stamp, number>();
  #lastStamp = 0;
  #closed = false;

  constructor(options: TreeBackendOptions) {
    this.#options = options;
    this.questions = new ViewQuestions(options.channel, () => this.flush());
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
    if (this.#adopting === parent) return this.#adopt(nodes);
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

  /** What is made meanwhile inside of this node is what the view has there: it gets the numbers that follow the node's. */
  adopt(node: TreeNode, create: () => void): void {
    if (node.id === 0) return create();
    this.#adopting = node;
    this.#adoptedId = node.id;
    try {
      this.quietly(create);
    } finally {
      this.#adopting = undefined;
    }
  }
  #adopt(nodes: TreeNode[]): void {
    const number = (node: TreeNode): void => {
      node.id = ++this.#adoptedId;
      this.nodes.set(node.id, node);
      for (const child of node.children ?? []) number(child);
      node.children = undefined;
      node.parent = undefined;
      node.marks = undefined;
    };
    for (const node of nodes) number(node);
  }

  /** A value inside of a row without nodes has changed, of the node with this number. */
  rowChanged(id: NodeId, what: StampHole[1], name: string, value: unknown): void {
    this.#enqueue({
      op: 'Write',
      write: (out) => {
        if (what === 'class') out.push(Op.Class, id, this.#intern.code(value as string));
        else if (what === 'attribute') out.push(Op.Attr, id, this.#intern.code(name), value);
        else out.push({ text: Op.Text, style: Op.Style, id: Op.Id }[what], id, value);
      },
    });
  }

  /** The lists of the page that have rows without nodes. */
  readonly lists = new Set<LightRows>();

  openRows(shadowRoot: object): void {
    for (const list of this.lists) if (list.shadowRoot === shadowRoot) list.openAll();
  }

  /** The node with this number; made now when it lies in a row without nodes. */
  node(id: NodeId): TreeNode | undefined {
    const known = this.nodes.get(id);
    if (known) return known;
    for (let at = id - 1; at > ROOT_ID; at--) {
      const before = this.nodes.get(at);
      if (!before) continue;
      if (before.inside && at + before.inside.size >= id) before.inside.open(before);
      return this.nodes.get(id);
    }
    return undefined;
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

  listen(node: TreeNode, type: string, capture: boolean, mutLevel: number): void {
    if (!this.#isQuiet && !this.#listened.has(type)) {
      this.#listened.add(type);
      this.#enqueue({ op: 'Listen', a: type });
    }
    if (!this.#isQuiet && type.startsWith('touch')) this.tell(node, (out) => out.push(Op.Hear, node.id, type));
    const key = capture ? `capture ${type}` : type;
    const ends = mutLevel === MUT_FINAL;
    if (ends === (node.catches?.has(key) ?? false)) return;
    node.catches ??= new Set();
    if (ends) node.catches.add(key);
    else node.catches.delete(key);
    this.tell(node, (out) => out.push(Op.Catch, node.id, type, capture ? 1 : 0, ends ? 1 : 0));
  }

  listenModel(node: TreeNode, attribute: string): void {
    this.tell(node, (out) => out.push(Op.Model, node.id, attribute));
  }

  tell(node: TreeNode, write: (out: FlatOps) => void): void {
    if (node.id !== 0) return this.#enqueue({ op: 'Write', write });
    node.marks ??= [];
    node.marks.push(write);
  }

  /** What the view is told of WXS handlers; undefined on a page without any. */
  get scripts(): ViewScripts | undefined {
    return this.#scripts;
  }
  needScripts(): ViewScripts {
    this.#scripts ??= new ViewScripts(this);
    return this.#scripts;
  }
  /** Runs what adds or removes listeners that the logic layer has no function for: no event comes for their sake. */
  quietly(run: () => void): void {
    this.#isQuiet = true;
    try {
      run();
    } finally {
      this.#isQuiet = false;
    }
  }
  /** The component or other element with this number. */
  elementAt(number: NodeId): GlassElement | undefined {
    return number < 0 ? this.#scripts?.component(number) : this.node(number)?.element;
  }

  scopePrefix(scope: number): string {
    return this.#options.scopeName(scope);
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
    for (let inner = node.inside?.size ?? 0; inner > 0; inner--) this.#released.push(node.id + inner);
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
    return this.questions.query(requests);
  }
  /** Calls a method of a built-in component in the view. */
  call(node: NodeId, method: string, args: unknown[]): Promise<unknown> {
    return this.questions.call(node, method, args);
  }
  observe(request: ObserveRequest, listener: (entry: unknown) => void): { disconnect(): void } {
    return this.questions.observe(request, listener);
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
    return this.node(event.node)?.element;
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
        case 'Write':
          entry.write(out);
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
      for (const write of node.marks ?? []) write(this.#out);
      node.marks = undefined;
    }
  }

  #encodeNode(node: TreeNode): void {
    const out = this.#out;
    if (node.id !== 0) {
      out.push(NodeForm.Existing, node.id);
      return;
    }
    this.#scripts?.describe(node);
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
    if (node.inside) return this.#encodeInside(node.inside);
    out.push(children?.length ?? 0);
    node.children = undefined;
    if (children) for (const child of children) this.#encodeNode(child);
  }

  #encodeInside(inside: NodeInside): void {
    const { stamp } = inside;
    const known = this.#stamps.get(stamp);
    const number = known ?? ++this.#lastStamp;
    this.#out.push(-number);
    if (known === undefined) {
      keepStamp(this.#stamps, stamp, number);
      this.#out.push(stamp);
    }
    for (const value of inside.wire()) this.#out.push(value);
    this.#nextId += inside.size;
  }

  close(): void {
    this.#closed = true;
    this.#queue = [];
    this.nodes.clear();
    this.questions.close();
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
