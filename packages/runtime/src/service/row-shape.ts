import type * as glassEasel from 'glass-easel';
import type { Stamp, StampHole, StampNode } from '../bridge/tree-ops.ts';

/** The functions by which a compiled template says what is to be there; see `proc_gen_wrapper.ts` of glass-easel. */
export type Text = (content?: string) => void;
export type Tag = (
  tag: string,
  generics: Record<string, string>,
  init: (element: glassEasel.Element, creating: boolean) => void,
  children: Children,
  slot?: string,
  slotValues?: string[],
) => void;
export type Branch = (key: number | string, children: Children) => void;
export type Other = (...args: unknown[]) => void;
export type Block = (children: Children, slot: string | undefined) => void;
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
export interface SetStep {
  setter: Setter;
  name: string;
  value: number;
  rest: unknown[];
}
/** What a template says, in its order; `end` closes a tag, a branch or a block. */
export interface Step {
  kind: 'text' | 'tag' | 'branch' | 'block' | 'end';
  /** Name of the tag, or key of the branch. */
  key: string | number;
  node: number;
  value: number;
  sets: SetStep[];
}

/** What is inside of the rows of one kind: nodes without numbers, and which of their values differ from row to row. */
export interface Shape {
  /** The element that all this is in. */
  tag: string;
  steps: Step[];
  /** Values of the row it was learnt from. */
  first: unknown[];
  nodes: StampNode[];
  catches: Stamp['catches'];
  size: number;
  /** Values that differ; grows when a row differs in another one. */
  holes: { value: number; hole: Hole }[];
  isHole: boolean[];
  /** Changes with the holes: the view gets it anew. */
  stamp: Stamp;
}

/** `StyleSegmentIndex.MAIN` of glass-easel. */
const MAIN_STYLE = 0;
const REFUSED = new Set(['animation', 'slot']);

/** Binds an event as a template does; `rest` is what follows type and value there. */
export type BindEvent = (element: glassEasel.Element, type: string, value: unknown, rest: unknown[]) => void;

export type Hole = [what: StampHole[1], name: string];

/** What a value is to the view; a dataset is the logic layer's alone. */
export function holeOf({ setter, name }: SetStep): Hole | undefined {
  return setter === 'dataset' || setter === 'mark' || setter === 'event' ? undefined : [setter, name];
}

/** Whether a row that is no nodes can have this at all. */
export function mayStand({ setter, name }: SetStep, value: unknown): boolean {
  if (typeof value === 'function' || REFUSED.has(name)) return false;
  // Touch events are told node by node.
  if (setter === 'event') return typeof value === 'string' && !name.startsWith('touch');
  return setter !== 'class' || typeof value === 'string';
}
/** Whether a row may have this value where the first of its kind had that one. */
export function mayDiffer(set: SetStep, value: unknown, first: unknown): boolean {
  if (set.setter === 'dataset' || set.setter === 'mark') return true;
  // What is undefined is not set at all, which no value in a hole can say.
  return set.setter !== 'event' && value !== undefined && first !== undefined && mayStand(set, value);
}

function give(element: glassEasel.Element, set: SetStep, value: unknown, bind: BindEvent): void {
  const { setter, name, rest } = set;
  if (setter === 'class') element.setNodeClass(value as string);
  else if (setter === 'style') element.setNodeStyle(value as string, MAIN_STYLE as never);
  else if (setter === 'id') element.id = value as string;
  else if (setter === 'attribute') element.updateAttribute(name, value);
  else if (setter === 'dataset') element.setDataset(name, value);
  else if (setter === 'mark') element.setMark(name, value);
  else bind(element, rest[0] as string, value, rest.slice(1));
}

export function cut(shape: Shape): void {
  shape.holes = [];
  const holes: StampHole[] = [];
  const add = (node: number, value: number, hole: Hole | undefined): void => {
    if (!hole || !shape.isHole[value]) return;
    shape.holes.push({ value, hole });
    holes.push([node, ...hole]);
  };
  for (const step of shape.steps) {
    if (step.kind === 'text') add(step.node, step.value, ['text', '']);
    for (const set of step.sets) add(step.node, set.value, holeOf(set));
  }
  shape.stamp = { tag: shape.tag, nodes: shape.nodes, catches: shape.catches, holes };
}

/** The classes in the text of a template; the framework takes dots and commas for spaces. */
export const classesOf = (text: string): string[] => text.split(/[\s.,]+/);

/** A class or an id in the row is one of these words. A class may be one of another component's sheet (`~a`, `^^a`). */
export function mayFind(shape: Shape, values: readonly unknown[], words: ReadonlySet<string>): boolean {
  return shape.steps.some(({ sets }) =>
    sets.some(({ setter, value }) => {
      const text = String(values[value]);
      if (setter === 'id') return words.has(text);
      return setter === 'class' && classesOf(text).some((name) => words.has(name.replace(/^[~^]+/, '')));
    }),
  );
}

/** Says again what a template has said of a row. */
export function replay(shape: Shape, values: readonly unknown[], bind: BindEvent): Children {
  const from = (start: number): Children => {
    return (_creating, text, tag, branch, _loop, _slot, block) => {
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
