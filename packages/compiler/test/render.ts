import type { CompiledPackage } from '../src/index.ts';
import { evaluate } from './fixture.ts';

type Children = (creating: boolean, ...rest: unknown[]) => void;

/** A text, or an element with what the template gives it. */
export type TreeNode = string | { tag: string; attributes: Record<string, unknown>; children: TreeNode[] };

/**
 * Renders a compiled template once, the way glass-easel calls it, to markup without built-in semantics: `<tag name="value">`.
 * Properties that are no strings are written as JSON.
 */
export function render(pkg: CompiledPackage, path: string, data: Record<string, unknown> = {}, root = ''): string {
  const write = (node: TreeNode): string => {
    if (typeof node === 'string') return node;
    const attributes = Object.entries(node.attributes).map(([name, value]) => ` ${name}="${show(value)}"`);
    const tag = `<${node.tag}${attributes.join('')}>`;
    return node.tag === 'slot' ? tag : `${tag}${node.children.map(write).join('')}</${node.tag}>`;
  };
  const onKey = (key: string, into: TreeNode[]) => void into.push(`[key=${key}]`);
  return renderTree(pkg, path, data, root, onKey).map(write).join('');
}

/** The tree that a compiled template gives once, the way glass-easel calls it. */
export function renderTree(
  pkg: CompiledPackage,
  path: string,
  data: Record<string, unknown> = {},
  root = '',
  onKey: (key: string, into: TreeNode[]) => void = () => {},
): TreeNode[] {
  const templates = evaluate(pkg, root);
  const generator = templates[path]!.content('') as (
    wrapper: Record<string, unknown>,
    creating: boolean,
    data: Record<string, unknown>,
    changes: undefined,
  ) => { C: Children };
  let out: TreeNode[] = [];
  const text = (value: unknown) => void out.push(String(value ?? ''));
  const element = (
    tag: string,
    generics: Record<string, string>,
    properties: (node: Record<string, unknown>, creating: boolean) => void,
    children: Children,
    slot?: string,
  ) => {
    const node: Record<string, unknown> = {};
    if (slot) node.slot = slot;
    for (const [name, value] of Object.entries(generics)) node[`generic:${name}`] = value;
    properties(node, true);
    const around = out;
    out = [];
    run(children);
    around.push({ tag, attributes: node, children: out });
    out = around;
  };
  const branch = (_key: unknown, children: Children) => run(children);
  const loop = (
    list: unknown,
    key: string | null,
    _changes: unknown,
    _path: unknown,
    children: (creating: boolean, item: unknown, index: unknown, ...rest: unknown[]) => void,
  ) => {
    if (key) onKey(key, out);
    for (const [index, item] of entriesOf(list)) {
      children(true, item, index, undefined, undefined, null, text, element, branch, loop, slot, run);
    }
  };
  const slot = (name: unknown) => void out.push({ tag: 'slot', attributes: { name: name ?? '' }, children: [] });
  const run = (children: Children) => children(true, text, element, branch, loop, slot, run);
  run(generator(wrapper, true, data, undefined).C);
  return out;
}

function show(value: unknown): string {
  if (typeof value === 'function') return 'function';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function entriesOf(list: unknown): [unknown, unknown][] {
  if (typeof list === 'number') return Array.from({ length: list }, (_, index) => [index, index]);
  if (typeof list === 'string' || Array.isArray(list)) return [...list].map((item, index) => [index, item]);
  return Object.entries((list ?? {}) as object);
}

type Node = Record<string, unknown>;

/** The calls of the template wrapper that tests look at. */
const wrapper: Record<string, unknown> = {
  setFnFilter: () => undefined,
  setEventListenerWrapper: () => undefined,
  c: (node: Node, value: unknown) => set(node, 'class', value),
  e: (node: Node, value: unknown[]) => set(node, 'class', value.filter(Boolean).join(' ')),
  m: (node: Node, name: string, value: unknown) => set(node, `mark:${name}`, value),
  o: (node: Node, name: string, value: unknown) => set(node, name, value),
  r: (node: Node, name: string, value: unknown) => set(node, name, value),
  d: (node: Node, name: string, value: unknown) => set(node, `data:${name}`, value),
  y: (node: Node, value: unknown) => set(node, 'style', value),
  i: (node: Node, value: unknown) => set(node, 'id', value),
  v: (node: Node, name: string, value: unknown, final: boolean, mutated: boolean, capture: boolean) =>
    set(node, `${capture ? 'capture-' : ''}${final ? 'catch' : mutated ? 'mut-bind' : 'bind'}:${name}`, value),
};

function set(node: Node, name: string, value: unknown): void {
  node[name] = value;
}
