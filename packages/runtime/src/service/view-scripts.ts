import type { NodeId } from '@sparrow/protocol';
import * as glassEasel from 'glass-easel';
import { type FlatOps, HandleFlag, LIBRARY_ID, Op } from '../bridge/tree-ops.ts';
import { copyPlain } from './definitions.ts';
import type { TreeNode } from './tree-node.ts';
import type { ScriptModule, ScriptReference } from './wxs-scripts.ts';

/** The page that tells its view. */
export interface ScriptPage {
  readonly nodes: ReadonlyMap<NodeId, TreeNode>;
  /** Class prefix of a style scope number; empty for shared scopes. */
  scopePrefix(scope: number): string;
  /** Makes the nodes that the lists of a template do without. */
  openRows(shadowRoot: object): void;
  /** Writes operations about a node: at once, or when the view gets it. */
  tell(node: TreeNode, write: (out: FlatOps) => void): void;
}

/** How a handler was bound. */
export interface Binding {
  type: string;
  final: boolean;
  mutated: boolean;
  capture: boolean;
}

type Component = glassEasel.GeneralComponent;

/**
 * What the view of a page is told so that it runs WXS handlers itself: the modules, which node has which handler, and of the
 * components that have any the prefixes of their classes and the datasets of their nodes. Made when a template of the page
 * binds the first such handler.
 */
export class ViewScripts {
  readonly #page: ScriptPage;
  readonly #sent = new Set<number>();
  /** Shadow roots of the components with handlers. */
  readonly #owners = new WeakSet<object>();
  /** Numbers of components without a node of their own (`virtualHost`), below zero. */
  readonly #numbers = new WeakMap<Component, NodeId>();
  readonly #numbered = new Map<NodeId, WeakRef<Component>>();
  readonly #handled = new WeakMap<TreeNode, Set<string>>();

  constructor(page: ScriptPage) {
    this.#page = page;
    // What the view has already was told without what scripts need.
    for (const node of page.nodes.values()) this.describe(node);
  }

  /** A template binds a WXS function to an event, or something else where one was bound before. */
  bind(element: glassEasel.Element, { type, final, mutated, capture }: Binding, reference?: ScriptReference): void {
    const node = nodeOf(element);
    if (!node) return;
    const key = capture ? `capture ${type}` : type;
    const handled = this.#handled.get(node) ?? new Set<string>();
    if (!reference && !handled.has(key)) return;
    this.#handled.set(node, handled.add(key));
    const flags =
      (final ? HandleFlag.Final : 0) | (mutated ? HandleFlag.Mutated : 0) | (capture ? HandleFlag.Capture : 0);
    const owner = element.ownerShadowRoot as glassEasel.ShadowRoot | null;
    if (owner) this.#addOwner(owner);
    this.#page.tell(node, (out) => {
      if (reference) this.#script(reference.module, out);
      out.push(Op.Handle, node.id, type, flags, reference?.module.id ?? -1, reference?.path ?? []);
    });
  }

  /**
   * The view is to run a function when it has what has changed up to now.
   *
   * @returns false when the element has no node there
   */
  run(element: glassEasel.Element, host: Component, reference: ScriptReference, value: object): boolean {
    const node = nodeOf(element);
    const shadow = host.getShadowRoot();
    if (!node || !shadow) return false;
    this.#addOwner(shadow);
    const sent = copyPlain(value);
    this.#page.tell(node, (out) => {
      this.#script(reference.module, out);
      out.push(Op.Run, node.id, this.#numberOf(host), reference.module.id, reference.path, sent);
    });
    return true;
  }

  /** A node is about to be told, or has been told before there were scripts. */
  describe(node: TreeNode): void {
    const { element } = node;
    const shadow = element?.ownerShadowRoot as glassEasel.ShadowRoot | null | undefined;
    if (!element || !shadow) return;
    if (isStray(element)) {
      const host = shadow.getHostNode();
      this.#page.tell(node, (out) => out.push(Op.Owner, node.id, this.#numberOf(host)));
    }
    if (this.#owners.has(shadow)) this.#tellData(node, element);
  }

  /** The template of this shadow root has handlers that the view runs. */
  owns(shadow: object | null): boolean {
    return shadow !== null && this.#owners.has(shadow);
  }

  datasetChanged(element: glassEasel.Element): void {
    const node = nodeOf(element);
    if (node?.id && element.ownerShadowRoot && this.#owners.has(element.ownerShadowRoot)) this.#tellData(node, element);
  }

  /** The component or node with this number, when it has none in the tree. */
  component(number: NodeId): Component | undefined {
    return this.#numbered.get(number)?.deref();
  }

  #tellData(node: TreeNode, element: glassEasel.Element): void {
    const { dataset } = element;
    for (const _name in dataset) {
      this.#page.tell(node, (out) => out.push(Op.Data, node.id, copyPlain(element.dataset)));
      return;
    }
  }

  #addOwner(shadow: glassEasel.ShadowRoot): void {
    if (this.#owners.has(shadow)) return;
    this.#owners.add(shadow);
    this.#page.openRows(shadow);
    const host = shadow.getHostNode();
    const { styleScope, extraStyleScope } = host.getComponentOptions();
    const prefixes = [styleScope, extraStyleScope].flatMap((scope) =>
      typeof scope === 'number' ? [this.#page.scopePrefix(scope)] : [],
    );
    const home = nodeOf(host);
    const write = (out: FlatOps): void =>
      void out.push(Op.Scope, this.#numberOf(host), prefixes.length > 0 ? prefixes : ['']);
    if (home) this.#page.tell(home, write);
    // Nodes of its own that the view has already.
    if (home && home.id === 0) return;
    for (const node of this.#page.nodes.values())
      if (node.element?.ownerShadowRoot === shadow) {
        if (!home) this.#page.tell(node, write);
        this.#tellData(node, node.element);
      }
  }

  #numberOf(component: Component): NodeId {
    const node = nodeOf(component);
    if (node) return node.id;
    const known = this.#numbers.get(component);
    if (known !== undefined) return known;
    const number = -1 - this.#numbered.size;
    this.#numbers.set(component, number);
    this.#numbered.set(number, new WeakRef(component));
    return number;
  }

  #script(module: ScriptModule, out: FlatOps): void {
    if (this.#sent.has(module.id)) return;
    if (this.#sent.size === 0) out.push(Op.Script, LIBRARY_ID, module.library, {});
    this.#sent.add(module.id);
    for (const linked of module.links.values()) this.#script(linked, out);
    const links = Object.fromEntries([...module.links].map(([name, { id }]) => [name, id]));
    out.push(Op.Script, module.id, module.source, links);
  }
}

function nodeOf(element: glassEasel.Element): TreeNode | undefined {
  return (element.getBackendElement() as unknown as TreeNode | null) ?? undefined;
}

/** The view would take it for a node of another component: it is slotted, or its own component has no node. */
function isStray(element: glassEasel.Element): boolean {
  let parent = element.parentNode;
  while (parent && glassEasel.VirtualNode.isVirtualNode(parent) && !glassEasel.ShadowRoot.isShadowRoot(parent))
    parent = parent.parentNode;
  if (!parent) return false;
  if (glassEasel.ShadowRoot.isShadowRoot(parent)) return !nodeOf(parent.getHostNode());
  return glassEasel.Component.isComponent(parent);
}
