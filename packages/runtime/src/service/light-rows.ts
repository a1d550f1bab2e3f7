import * as glassEasel from 'glass-easel';
import { convertRpx } from '../bridge/rpx.ts';
import type { Stamp, StampHole, StampNode } from '../bridge/tree-ops.ts';
import {
  type BindEvent,
  type Block,
  type Branch,
  type Children,
  classesOf,
  cut,
  type Hole,
  holeOf,
  mayDiffer,
  mayFind,
  mayStand,
  replay,
  type SetStep,
  type Setter,
  type Shape,
  type Step,
  type Tag,
  type Text,
} from './row-shape.ts';
import type { NodeInside, TreeNode } from './tree-node.ts';

/** The inside of an element of which the logic layer has no nodes: they are made when somebody asks for them. */
class LightRow implements NodeInside {
  readonly shape: Shape;
  readonly values: unknown[];
  readonly element: glassEasel.Element;
  readonly #rows: LightRows;

  constructor(rows: LightRows, shape: Shape, values: unknown[], element: glassEasel.Element) {
    this.#rows = rows;
    this.shape = shape;
    this.values = values;
    this.element = element;
  }
  get size(): number {
    return this.shape.size;
  }
  get stamp(): Stamp {
    return this.shape.stamp;
  }
  wire(): unknown[] {
    return this.#rows.wire(this);
  }
  open(node: TreeNode): void {
    this.#rows.open(node);
  }
  forget(node: TreeNode): void {
    this.#rows.forget(node);
  }
}

/** Built-in elements of which the view alone knows how they work inside. */
const TAGS = new Set('view text image icon progress rich-text navigator button cover-view cover-image'.split(' '));
/** Kinds of rows that one component may have, and rows that are looked at in vain one after the other. */
const MAX_SHAPES = 8;
const MAX_FAILURES = 64;
/** Different values of `class` whose names for the view are kept. */
const MAX_CLASSES = 500;

/** What a list needs of the component and page that it is in. */
export interface RowHome {
  shadowRoot: glassEasel.ShadowRoot;
  /** Makes the nodes of a row that has none. */
  create(children: Children, parent: glassEasel.Element): void;
  /** Updates the nodes of a row that has them. */
  update(children: Children, parent: glassEasel.Element): void;
  readonly bind: BindEvent;
  /** Makes nodes inside of a node; they are those that the view has already, if it has any. */
  adopt(node: TreeNode, create: () => void): void;
  /** A value inside of a row that the view has changed. */
  changed(node: TreeNode, inner: number, what: StampHole[1], name: string, value: unknown): void;
  /** The list has its first row without nodes, or has lost its last. */
  holds(rows: LightRows, any: boolean): void;
}

/** What the framework knows of a component: the names that it uses for other components, and those it is given. */
interface Host {
  _$behavior: { _$using: Record<string, unknown> };
  _$genericImpls?: Record<string, unknown> | undefined;
  getExternalClasses(): Record<string, unknown>;
}

/** The rows of one component that are not made of nodes. */
export class LightRows {
  readonly #home: RowHome;
  /** The component that the rows are in. */
  readonly #host: Host;
  /** Its external classes. */
  readonly #outside: readonly string[];
  /** Stands for an element that is read and not made. */
  readonly #standIn: glassEasel.NativeNode;
  readonly #shapes: Shape[] = [];
  readonly #rows = new Map<TreeNode, LightRow>();
  readonly #classes = new Map<string, string>();
  #scratch: glassEasel.NativeNode | undefined;
  #failures = 0;

  // What is read now: a row to learn, to match with a shape, or (with `#row`) to change.
  #failed = false;
  #learning = false;
  #row: { light: LightRow; node: TreeNode } | undefined;
  #steps: Step[] = [];
  #at = 0;
  #node = 0;
  #values: unknown[] = [];
  #tagStep: Step | undefined;
  #setAt = 0;

  constructor(home: RowHome) {
    this.#home = home;
    this.#host = home.shadowRoot.getHostNode() as unknown as Host;
    this.#outside = Object.keys(this.#host.getExternalClasses());
    const set = (setter: Setter, name: string, value: unknown): void => this.#set(setter, name, value, []);
    const fail = this.#fail;
    this.#standIn = Object.create(glassEasel.NativeNode.prototype, {
      setNodeClass: { value: (value: unknown) => set('class', '', value) },
      setNodeStyle: { value: (value: unknown) => set('style', '', value) },
      id: { set: (value: unknown) => set('id', '', value) },
      updateAttribute: { value: (name: string, value: unknown) => set('attribute', name, value) },
      setDataset: { value: (name: string, value: unknown) => set('dataset', name, value) },
      setMark: { value: (name: string, value: unknown) => set('mark', name, value) },
      slot: { set: fail },
      setModelBindingListener: { value: fail },
      addListener: { value: fail },
      getBackendElement: { value: () => null },
      _$wxTmplArgs: { value: undefined, writable: true },
    }) as glassEasel.NativeNode;
  }

  /** A change of an attribute is watched: such a row has its nodes. @returns false when the element is there */
  watch(element: glassEasel.Element): boolean {
    if (element !== this.#standIn) return false;
    this.#fail();
    return true;
  }
  /** An event is bound. @returns false when it is to be bound to an element that is there */
  bind(element: glassEasel.Element, type: string, value: unknown, rest: unknown[]): boolean {
    if (element !== this.#standIn) return false;
    this.#set('event', `${type} ${rest.slice(0, 3).join()}`, value, [type, ...rest]);
    return true;
  }

  get shadowRoot(): glassEasel.ShadowRoot {
    return this.#home.shadowRoot;
  }

  /** Wraps what makes or updates the item of a list, so that the inside of its elements may stay without nodes. */
  item(children: Children): Children {
    return (creating, text, tag, ...rest) =>
      children(
        creating,
        text,
        (name, generics, init, inner, slot, slotValues) => {
          let element: glassEasel.Element | undefined;
          const take: typeof init = (given, isNew) => {
            element = given;
            init(given, isNew);
          };
          if (!creating) {
            tag(
              name,
              generics,
              take,
              this.#updating(() => element, inner),
              slot,
              slotValues,
            );
            return;
          }
          const shape = slotValues || !this.#usable(name) ? undefined : this.#match(name, inner);
          const values = this.#values;
          tag(name, generics, take, shape ? nothing : inner, slot, slotValues);
          const node = element && nodeOf(element);
          if (!element || !node) return;
          if (!shape) {
            if (!slotValues && this.#usable(name)) this.#learn(name, inner, node);
            return;
          }
          const row = new LightRow(this, shape, values, element);
          node.inside = row;
          this.#rows.set(node, row);
          if (this.#rows.size === 1) this.#home.holds(this, true);
        },
        ...rest,
      );
  }

  /** Makes the nodes of a row. */
  open(node: TreeNode): void {
    const row = this.#rows.get(node);
    if (!row) return;
    this.forget(node);
    node.inside = undefined;
    this.#home.adopt(node, () => this.#home.create(replay(row.shape, row.values, this.#home.bind), row.element));
  }
  /** Makes the nodes of all rows in which the selector may find something. */
  openFor(selector: string): void {
    if (this.#rows.size === 0) return;
    // As in the grammar of the framework; an id may have colons.
    const words = new Set(selector.match(/[-\w:]+/g));
    for (const [node, { shape, values }] of [...this.#rows]) if (mayFind(shape, values, words)) this.open(node);
  }
  openAll(): void {
    for (const node of [...this.#rows.keys()]) this.open(node);
  }
  forget(node: TreeNode): void {
    if (this.#rows.delete(node) && this.#rows.size === 0) this.#home.holds(this, false);
  }

  /** The values of the row in the order of the holes, as the view takes them. */
  wire({ shape, values }: LightRow): unknown[] {
    return shape.holes.map(({ value, hole }) => this.#sent(hole, values[value]));
  }

  #usable(tag: string): boolean {
    return this.#failures < MAX_FAILURES && this.#isBuiltIn(tag);
  }
  /** A program may have a component of its own by the name of a built-in element. */
  #isBuiltIn(tag: string): boolean {
    if (!TAGS.has(tag)) return false;
    const { _$behavior, _$genericImpls } = this.#host;
    return !_$behavior._$using[tag] && !_$genericImpls?.[tag];
  }
  /** Classes that are given to the component from outside change without a word to its template. */
  #isOutside(set: SetStep, value: unknown): boolean {
    if (this.#outside.length === 0 || set.setter !== 'class') return false;
    return classesOf(String(value)).some((name) => this.#outside.includes(name));
  }

  // ---- recording

  /** The shape that this inside has; its values are then in `#values`. */
  #match(tag: string, inner: Children): Shape | undefined {
    for (const [index, shape] of this.#shapes.entries()) {
      if (shape.tag !== tag) continue;
      this.#begin(shape.steps);
      this.#run(inner, true);
      if (this.#failed || this.#at !== shape.steps.length || !this.#fits(shape)) continue;
      if (index > 0) {
        this.#shapes.splice(index, 1);
        this.#shapes.unshift(shape);
      }
      this.#failures = 0;
      return shape;
    }
    return undefined;
  }

  /** Finds the values that differ from those of the first row; some must not. */
  #fits(shape: Shape): boolean {
    const values = this.#values;
    const { first, isHole } = shape;
    const grown: number[] = [];
    for (const { kind, value, sets } of shape.steps) {
      if (kind === 'text' && !isHole[value] && values[value] !== first[value]) grown.push(value);
      for (const set of sets) {
        const at = set.value;
        if (!isHole[at] && values[at] === first[at]) continue;
        if (!this.#mayDiffer(set, values[at], first[at])) return false;
        if (!isHole[at]) grown.push(at);
      }
    }
    if (grown.length === 0) return true;
    // Only now: a row that is refused leaves the shape as it was.
    for (const at of grown) isHole[at] = true;
    cut(shape);
    return true;
  }
  #mayDiffer(set: SetStep, value: unknown, first: unknown): boolean {
    return mayDiffer(set, value, first) && !this.#isOutside(set, value);
  }

  /** Learns the shape of a row that has just got its nodes. */
  #learn(tag: string, inner: Children, node: TreeNode): void {
    if (this.#shapes.length >= MAX_SHAPES || node.id !== 0) return;
    this.#begin([]);
    this.#learning = true;
    this.#run(inner, true);
    const catches: Shape['catches'] = [];
    let size = 0;
    const copy = (made: TreeNode): StampNode => {
      const at = ++size;
      for (const key of made.catches ?? []) {
        const capture = key.startsWith('capture ');
        catches.push([at, capture ? key.slice('capture '.length) : key, capture ? 1 : 0]);
      }
      if (made.tag === '') return made.text;
      const attributes = [...(made.attributes ?? [])];
      return [made.tag, made.classes, made.style, made.domId, attributes, (made.children ?? []).map(copy)];
    };
    const nodes = (node.children ?? []).map(copy);
    // With nothing inside there is nothing to gain; what is not one to one is not understood.
    if (this.#failed || size === 0 || size !== this.#node) {
      this.#failures++;
      return;
    }
    const stamp: Stamp = { tag, nodes, holes: [], catches };
    const first = this.#values;
    this.#shapes.push({ tag, steps: this.#steps, first, nodes, catches, size, holes: [], isHole: [], stamp });
  }

  #updating(element: () => glassEasel.Element | undefined, inner: Children): Children {
    return (creating, ...define) => {
      const root = element();
      const node = root && nodeOf(root);
      const light = node && this.#rows.get(node);
      if (!root || !light) return inner(creating, ...define);
      this.#begin(light.shape.steps);
      this.#row = { light, node };
      this.#run(inner, false);
      if (!this.#failed && this.#at === light.shape.steps.length) return;
      this.open(node);
      this.#home.update(inner, root);
    };
  }

  // ---- what a template calls while a row is read

  #begin(steps: Step[]): void {
    this.#failed = false;
    this.#learning = false;
    this.#row = undefined;
    this.#steps = steps;
    this.#at = 0;
    this.#node = 0;
    this.#values = [];
  }
  #run(inner: Children, creating: boolean): void {
    inner(creating, this.#text, this.#tag, this.#branch, this.#fail, this.#fail, this.#block, undefined, undefined);
  }
  readonly #fail = (): void => {
    this.#failed = true;
  };
  #enter(kind: Step['kind'], key: string | number): Step | undefined {
    if (this.#failed) return undefined;
    if (this.#learning) {
      const step: Step = { kind, key, node: this.#node, value: this.#values.length, sets: [] };
      this.#steps.push(step);
      return step;
    }
    const step = this.#steps[this.#at++];
    if (step && step.kind === kind && step.key === key) return step;
    this.#failed = true;
    return undefined;
  }

  readonly #text: Text = (content) => {
    this.#node++;
    const step = this.#enter('text', '');
    if (!step) return;
    if (!this.#row) this.#values.push(content ?? '');
    else if (content !== undefined) this.#change(step.node, step.value, ['text', ''], content);
  };
  readonly #tag: Tag = (tag, generics, init, children, slot, slotValues) => {
    this.#node++;
    for (const _name in generics) this.#failed = true;
    if (slot !== undefined || slotValues || !this.#isBuiltIn(tag)) this.#failed = true;
    const step = this.#enter('tag', tag);
    if (!step) return;
    this.#tagStep = step;
    this.#setAt = 0;
    init(this.#standIn, !this.#row);
    if (!this.#row && !this.#learning && this.#setAt !== step.sets.length) this.#failed = true;
    if (this.#failed) return;
    this.#run(children, !this.#row);
    this.#enter('end', tag);
  };
  readonly #branch: Branch = (key, children) => {
    if (!this.#enter('branch', key)) return;
    this.#run(children, !this.#row);
    this.#enter('end', key);
  };
  readonly #block: Block = (children, slot) => {
    if (slot !== undefined) this.#failed = true;
    if (!this.#enter('block', '')) return;
    this.#run(children, !this.#row);
    this.#enter('end', '');
  };

  /** The element that is read now is given something. */
  #set(setter: Setter, name: string, value: unknown, rest: unknown[]): void {
    const { sets, node } = this.#tagStep as Step;
    if (this.#failed) return;
    if (this.#learning) {
      const set: SetStep = { setter, name, value: this.#values.length, rest };
      if (!mayStand(set, value) || this.#isOutside(set, value)) this.#failed = true;
      sets.push(set);
      this.#values.push(value);
      return;
    }
    if (!this.#row) {
      const set = sets[this.#setAt++];
      if (set?.setter !== setter || set.name !== name) this.#failed = true;
      this.#values.push(value);
      return;
    }
    const set = sets.find((one) => one.setter === setter && one.name === name);
    if (!set) this.#failed = true;
    else this.#changeSet(set, node, value);
  }

  #changeSet(set: SetStep, node: number, value: unknown): void {
    const { values, shape } = (this.#row as { light: LightRow }).light;
    if (values[set.value] === value && typeof value !== 'object') return;
    if (this.#mayDiffer(set, value, shape.first[set.value])) this.#change(node, set.value, holeOf(set), value);
    else this.#failed = true;
  }
  #change(inner: number, at: number, hole: Hole | undefined, value: unknown): void {
    const { light, node } = this.#row as { light: LightRow; node: TreeNode };
    if (light.values[at] === value && typeof value !== 'object') return;
    light.values[at] = value;
    if (!light.shape.isHole[at]) {
      light.shape.isHole[at] = true;
      cut(light.shape);
    }
    if (node.id !== 0 && hole) this.#home.changed(node, inner, hole[0], hole[1], this.#sent(hole, value));
  }

  #sent([what, name]: Hole, value: unknown): unknown {
    if (what === 'class') return this.#className(String(value));
    if (what === 'style') return convertRpx(value === null || value === undefined ? '' : String(value));
    return what === 'attribute' ? this.#likeAny()?.sentAttribute(name, value) : String(value);
  }

  /** A node as those in the rows. */
  #likeAny(): TreeNode | undefined {
    this.#scratch ??= this.#home.shadowRoot.createNativeNodeWithInit('view', 'view', undefined as never);
    return nodeOf(this.#scratch);
  }

  /** The classes as the view has them, with the prefixes of the component. */
  #className(given: string): string {
    let made = this.#classes.get(given);
    if (made === undefined) {
      const node = this.#likeAny();
      this.#scratch?.setNodeClass(given);
      made = node?.classes ?? '';
      if (this.#classes.size > MAX_CLASSES) this.#classes.clear();
      this.#classes.set(given, made);
    }
    return made;
  }
}

function nothing(): void {}

function nodeOf(element: glassEasel.Element): TreeNode | undefined {
  return (element.getBackendElement() as unknown as TreeNode | null) ?? undefined;
}
