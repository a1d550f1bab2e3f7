import * as glassEasel from 'glass-easel';
import { convertRpx } from '../bridge/rpx.ts';
import type { Stamp, StampHole, StampNode } from '../bridge/tree-ops.ts';
import type { TreeNode } from './tree-node.ts';

/** The functions by which a compiled template says what is to be there; see `proc_gen_wrapper.ts` of glass-easel. */
type Text = (content?: string) => void;
type Tag = (
  tag: string,
  generics: Record<string, string>,
  init: (element: glassEasel.Element, creating: boolean) => void,
  children: Children,
  slot?: string,
  slotValues?: string[],
) => void;
type Branch = (key: number | string, children: Children) => void;
type Other = (...args: unknown[]) => void;
type Block = (children: Children, slot: string | undefined) => void;
export type Children = (
  creating: boolean,
  text: Text,
  tag: Tag,
  branch: Branch,
  loop: Other,
  slot: Other,
  block: Block,
  ...rest: unknown[]
) => void;

/** What a compiled template gives an element. */
export type Setter = 'class' | 'style' | 'id' | 'attribute' | 'dataset' | 'mark' | 'event';

/** `value` is the place of the value among those of a row; `rest` follows it in the call. */
interface SetStep {
  setter: Setter;
  name: string;
  value: number;
  rest: unknown[];
}
/** What a template says, in its order; `end` closes a tag, a branch or a block. */
interface Step {
  kind: 'text' | 'tag' | 'branch' | 'block' | 'end';
  /** Name of the tag, or key of the branch. */
  key: string | number;
  node: number;
  value: number;
  sets: SetStep[];
}

/** What is inside of the rows of one kind: nodes without numbers, and which of their values differ from row to row. */
interface Shape {
  steps: Step[];
  /** Values of the row it was learnt from. */
  first: unknown[];
  nodes: StampNode[];
  catches: Stamp['catches'];
  size: number;
  /** Values that differ; grows when a row differs in another one. */
  holes: { value: number; what: StampHole[1] }[];
  isHole: boolean[];
  /** Changes with the holes: the view gets it anew. */
  stamp: Stamp;
}

/** The inside of an element of which the logic layer has no nodes: they are made when somebody asks for them. */
export interface LightRow {
  readonly shape: Shape;
  readonly values: unknown[];
  readonly element: glassEasel.Element;
  readonly rows: LightRows;
}

/** Built-in elements of which the view alone knows how they work inside. */
const TAGS = new Set('view text image icon progress rich-text navigator button cover-view cover-image'.split(' '));
/** Attributes that name classes: rows do not differ in them. */
const FIXED = /(^|-)class$|Class$/;
/** `StyleSegmentIndex.MAIN` of glass-easel. */
const MAIN_STYLE = 0;
const REFUSED = new Set(['animation', 'slot']);
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
  /** Binds an event as a template does. */
  bind(element: glassEasel.Element, type: string, value: unknown, rest: unknown[]): void;
  /** Makes nodes inside of a node; they are those that the view has already, if it has any. */
  adopt(node: TreeNode, create: () => void): void;
  /** A value inside of a row that the view has changed. */
  changed(node: TreeNode, inner: number, what: StampHole[1], name: string, value: unknown): void;
}

/** The rows of one component that are not made of nodes. */
export class LightRows {
  readonly #home: RowHome;
  /** Stands for an element that is read and not made. */
  readonly #standIn: glassEasel.NativeNode & { _$wxTmplArgs?: { changeProp?: object } };
  readonly #shapes: Shape[] = [];
  readonly #nodes = new Set<TreeNode>();
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
          const shape = slotValues || !this.#usable(name) ? undefined : this.#match(inner);
          const values = this.#values;
          tag(name, generics, take, shape ? nothing : inner, slot, slotValues);
          const node = element && nodeOf(element);
          if (!element || !node) return;
          if (!shape) {
            if (!slotValues && this.#usable(name)) this.#learn(inner, node);
            return;
          }
          node.row = { shape, values, element, rows: this };
          this.#nodes.add(node);
        },
        ...rest,
      );
  }

  /** Makes the nodes of a row. */
  open(node: TreeNode): void {
    const { row } = node;
    if (!row) return;
    node.row = undefined;
    this.#nodes.delete(node);
    this.#home.adopt(node, () => this.#home.create(replay(row, this.#home.bind), row.element));
  }
  /** Makes the nodes of all rows in which the selector may find something. */
  openFor(selector: string): void {
    if (this.#nodes.size === 0) return;
    const words = new Set(selector.match(/[-\w]+/g));
    for (const node of [...this.#nodes]) if (node.row && mayFind(node.row, words)) this.open(node);
  }
  openAll(): void {
    for (const node of [...this.#nodes]) this.open(node);
  }
  forget(node: TreeNode): void {
    this.#nodes.delete(node);
  }

  /** The values of the row in the order of the holes, as the view takes them. */
  wire({ shape, values }: LightRow): unknown[] {
    return shape.holes.map(({ value, what }) => this.#sent(what, values[value]));
  }

  #usable(tag: string): boolean {
    return this.#failures < MAX_FAILURES && TAGS.has(tag);
  }

  // ---- recording

  /** The shape that this inside has; its values are then in `#values`. */
  #match(inner: Children): Shape | undefined {
    for (const [index, shape] of this.#shapes.entries()) {
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
    let grown = false;
    for (const step of shape.steps) {
      if (step.kind === 'text' && values[step.value] !== shape.first[step.value] && !shape.isHole[step.value]) {
        shape.isHole[step.value] = true;
        grown = true;
      }
      for (const set of step.sets) {
        const isHole = shape.isHole[set.value];
        if (!isHole && values[set.value] === shape.first[set.value]) continue;
        if (!mayDiffer(set, values[set.value])) return false;
        if (isHole) continue;
        shape.isHole[set.value] = true;
        grown = true;
      }
    }
    if (grown) cut(shape);
    return true;
  }

  /** Learns the shape of a row that has just got its nodes. */
  #learn(inner: Children, node: TreeNode): void {
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
    const stamp: Stamp = { nodes, holes: [], catches };
    const first = this.#values;
    this.#shapes.push({ steps: this.#steps, first, nodes, catches, size, holes: [], isHole: [], stamp });
  }

  #updating(element: () => glassEasel.Element | undefined, inner: Children): Children {
    return (creating, ...define) => {
      const root = element();
      const node = root && nodeOf(root);
      if (!root || !node?.row) return inner(creating, ...define);
      const { shape } = node.row;
      this.#begin(shape.steps);
      this.#row = { light: node.row, node };
      this.#run(inner, false);
      if (!this.#failed && this.#at === shape.steps.length) return;
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
    if (slot !== undefined || slotValues || !TAGS.has(tag)) this.#failed = true;
    const step = this.#enter('tag', tag);
    if (!step) return;
    this.#tagStep = step;
    this.#setAt = 0;
    init(this.#standIn, !this.#row);
    // A change of an attribute is watched.
    if (this.#standIn._$wxTmplArgs?.changeProp) {
      this.#standIn._$wxTmplArgs = undefined as never;
      this.#failed = true;
    }
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
      if (!mayStand(set, value)) this.#failed = true;
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
    else if (this.#row.light.values[set.value] === value && typeof value !== 'object') return;
    else if (mayDiffer(set, value)) this.#change(node, set.value, holeOf(set), value);
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
    if (node.id !== 0 && hole) this.#home.changed(node, inner, hole[0], hole[1], this.#sent(hole[0], value));
  }

  #sent(what: Hole[0], value: unknown): unknown {
    if (what === 'class') return this.#className(String(value));
    if (what === 'style') return convertRpx(value === null || value === undefined ? '' : String(value));
    return what === 'attribute' ? value : String(value);
  }

  /** The classes as the view has them, with the prefixes of the component. */
  #className(given: string): string {
    let made = this.#classes.get(given);
    if (made === undefined) {
      this.#scratch ??= this.#home.shadowRoot.createNativeNodeWithInit('view', 'view', undefined as never);
      this.#scratch.setNodeClass(given);
      made = nodeOf(this.#scratch)?.classes ?? '';
      if (this.#classes.size > MAX_CLASSES) this.#classes.clear();
      this.#classes.set(given, made);
    }
    return made;
  }
}

type Hole = [what: StampHole[1], name: string];

/** What a value is to the view; a dataset is the logic layer's alone. */
function holeOf({ setter, name }: SetStep): Hole | undefined {
  return setter === 'dataset' || setter === 'mark' || setter === 'event' ? undefined : [setter, name];
}

/** Whether a row that is no nodes can have this at all. */
function mayStand({ setter, name }: SetStep, value: unknown): boolean {
  if (typeof value === 'function' || REFUSED.has(name)) return false;
  // Touch events are told node by node.
  if (setter === 'event') return typeof value === 'string' && !name.startsWith('touch');
  return setter !== 'class' || typeof value === 'string';
}
/** Whether rows may differ in this. */
function mayDiffer(set: SetStep, value: unknown): boolean {
  if (set.setter === 'dataset' || set.setter === 'mark') return true;
  return set.setter !== 'event' && !FIXED.test(set.name) && value !== undefined && mayStand(set, value);
}

function give(element: glassEasel.Element, set: SetStep, value: unknown, bind: RowHome['bind']): void {
  const { setter, name, rest } = set;
  if (setter === 'class') element.setNodeClass(value as string);
  else if (setter === 'style') element.setNodeStyle(value as string, MAIN_STYLE as never);
  else if (setter === 'id') element.id = value as string;
  else if (setter === 'attribute') element.updateAttribute(name, value);
  else if (setter === 'dataset') element.setDataset(name, value);
  else if (setter === 'mark') element.setMark(name, value);
  else bind(element, rest[0] as string, value, rest.slice(1));
}

function cut(shape: Shape): void {
  shape.holes = [];
  const holes: StampHole[] = [];
  const add = (node: number, value: number, hole: Hole | undefined): void => {
    if (!hole || !shape.isHole[value]) return;
    shape.holes.push({ value, what: hole[0] });
    holes.push([node, ...hole]);
  };
  for (const step of shape.steps) {
    if (step.kind === 'text') add(step.node, step.value, ['text', '']);
    for (const set of step.sets) add(step.node, set.value, holeOf(set));
  }
  shape.stamp = { nodes: shape.nodes, catches: shape.catches, holes };
}

/** A class or an id in the row is one of these words. */
function mayFind({ shape, values }: LightRow, words: ReadonlySet<string>): boolean {
  return shape.steps.some(({ sets }) =>
    sets.some(
      ({ setter, value }) =>
        (setter === 'class' || setter === 'id') &&
        String(values[value])
          .split(/\s+/)
          .some((word) => words.has(word)),
    ),
  );
}

/** Says again what a template has said of a row. */
function replay({ shape, values }: LightRow, bind: RowHome['bind']): Children {
  const from = (start: number): Children => {
    return (creating, text, tag, branch, loop, slot, block) => {
      let depth = 0;
      for (let at = start; at < shape.steps.length; at++) {
        const { kind, key, value, sets } = shape.steps[at] as Step;
        if (kind === 'end') {
          if (depth === 0) return;
          depth--;
          continue;
        }
        if (depth === 0) {
          if (kind === 'text') text(values[value] as string);
          else if (kind === 'branch') branch(key, from(at + 1));
          else if (kind === 'block') block(from(at + 1), undefined);
          else {
            const init = (element: glassEasel.Element): void => {
              for (const set of sets) give(element, set, values[set.value], bind);
            };
            tag(key as string, {}, init, from(at + 1));
          }
        }
        if (kind !== 'text') depth++;
      }
    };
  };
  return from(0);
}

function nothing(): void {}

function nodeOf(element: glassEasel.Element): TreeNode | undefined {
  return (element.getBackendElement() as unknown as TreeNode | null) ?? undefined;
}
