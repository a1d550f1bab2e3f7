/** Graphs of components made at random: their definitions as both component systems read them, and what is done to them. */

import { pick, type Random } from '@sparrow/testkit';

export interface Graph {
  /** Templates and definitions by the name of the component; `root` uses the others. A definition calls `log(…)` and `set(…)`. */
  components: Record<'root' | 'outer' | 'inner', { wxml: string; script: string }>;
  actions: Action[];
}

/** What a test does to a graph from outside. */
export type Action =
  | { on: 'root' | 'outer' | 'inner'; setData: Record<string, unknown> }
  | { on: 'outer' | 'inner'; fire: string; options: { bubbles: boolean; composed: boolean; capturePhase: boolean } };

/**
 * Sets what is another value: one that is equal is handed on to the children by the framework of today and was not by that
 * of 2023 (docs/differences.md). Source text, since it runs in two realms.
 */
export const SET = `function set(component, data) {
  const changed = Object.entries(data).filter(([key, value]) => JSON.stringify(component.data[key]) !== JSON.stringify(value));
  component.setData(Object.fromEntries(changed));
}`;

const TYPES = ['Number', 'String', 'Boolean', 'Object', 'Array', 'null'] as const;
type Type = (typeof TYPES)[number];
/** What is bound: the package of the official framework copies objects between components, and so takes each for another. */
const VALUES = [0, 1, -2.5, '', 'a', '7', 'x y', 'true', true, false, null];
const OBJECTS = [{ k: 1 }, { k: { m: 2 } }, [], [1, 'b'], [{ k: 3 }]];
const DEFAULTS: Record<Type, readonly unknown[]> = {
  Number: [0, 5, -1],
  String: ['', 'd'],
  Boolean: [true, false],
  Object: [{ k: 1 }, null],
  Array: [[], [1, 2]],
  null: [null, 'n', 3],
};

const value = (random: Random): unknown => pick(random, VALUES);
const show = (given: unknown): string => JSON.stringify(given);
const some = (random: Random, chance: number, text: string): string => (random() < chance ? text : '');

/** Names of properties and data fields that every component has, so that any may be bound to any. */
const PROPERTIES = ['p', 'q', 'r'];
/** The one that owners bind. A value of another type is made anew each time where the type is an object's. */
const BOUND = 'p';
const PLAIN_TYPES = ['Number', 'String', 'Boolean', 'null'] as const;
const FIELDS = ['d', 'e'];

function properties(random: Random): string {
  const one = (name: string): string => {
    const type = pick(random, name === BOUND ? PLAIN_TYPES : TYPES);
    if (random() < 0.3) return `${name}: ${type}`;
    const given = some(random, 0.6, `value: ${show(pick(random, DEFAULTS[type]))}, `);
    const observer = some(random, 0.5, `observer(now, old) { log('observer ${name}', now, old) }, `);
    return `${name}: { type: ${type}, ${given}${observer}}`;
  };
  return PROPERTIES.map(one).join(', ');
}

function observers(random: Random): string {
  const keys = ['p', 'q', 'r', 'd', 'e', 'p, d', 'd, e', 'o.k', 'o.k.m', 'o.**', 'o, l', 'l[0]', 'p, q, r', '**'];
  const chosen = keys.filter(() => random() < 0.3);
  return chosen
    .map((key) => `${show(key)}: function () { log('observers ${key}', [].slice.call(arguments)) }`)
    .join(', ');
}

function lifetimes(random: Random, name: string): string {
  const hooks = ['created', 'attached', 'detached'].map((hook) => {
    const more =
      hook === 'attached' ? some(random, 0.4, `set(this, { ${pick(random, FIELDS)}: ${show(value(random))} });`) : '';
    return `${hook}() { log('${hook} ${name}', this.data); ${more} }`;
  });
  return hooks.join(', ');
}

function definition(random: Random, name: string, more: string): string {
  const data = [
    ...FIELDS.map((field) => `${field}: ${show(value(random))}`),
    'o: { k: { m: 1 } }',
    'l: [1, { k: 2 }]',
  ].join(', ');
  const behavior = random() < 0.4;
  const hooks = lifetimes(random, name);
  return [
    behavior
      ? `const shared = Behavior({ data: { fromBehavior: ${show(value(random))}, ${pick(random, FIELDS)}: 'b' }, created() { log('created behavior of ${name}') }, attached() { log('attached behavior of ${name}', this.data) }, methods: { both() { return 'b' }, onlyBehavior() { return 'ob' } } })`
      : '',
    'Component({',
    behavior ? 'behaviors: [shared],' : '',
    `properties: { ${properties(random)} },`,
    `data: { ${data} },`,
    `observers: { ${observers(random)} },`,
    random() < 0.6 ? `lifetimes: { ${hooks} },` : `${hooks},`,
    more,
    `methods: { onEvent(event) { log('event at ${name}', event.type, event.detail, this.both && this.both()) }, both() { return '${name}' } },`,
    '})',
  ].join('\n');
}

/**
 * What an owner gives to a child: one property, since the package of the official framework hands all attributes of an
 * element on when one has changed.
 */
function binding(random: Random): string {
  const kind = random();
  if (kind < 0.1) return '';
  return kind < 0.8
    ? ` ${BOUND}="{{${pick(random, FIELDS)}}}"`
    : ` ${BOUND}="${pick(random, ['', 'text', '3', 'true'])}"`;
}

const listener = (random: Random): string =>
  some(random, 0.5, ` ${pick(random, ['bind:', 'catch:', 'capture-bind:'])}ev="onEvent"`);

export function createGraph(random: Random): Graph {
  const condition = some(random, 0.3, ' wx:if="{{d}}"');
  const inSlot = random() < 0.5;
  const inner = `<inner id="inner"${binding(random)}${listener(random)}></inner>`;
  const relation = random() < 0.4;
  const relations = (of: string, type: string) =>
    relation
      ? `relations: { x: { type: '${type}', target: ${of}Mark, linked() { log('linked ${type}') }, unlinked() { log('unlinked ${type}') }, linkChanged() { log('changed ${type}') } } },`
      : '';
  const components = {
    root: {
      wxml: `<view${listener(random)}><outer id="outer"${binding(random)}${condition}${listener(random)}>${inSlot ? inner : ''}</outer></view>`,
      script: definition(random, 'root', ''),
    },
    outer: {
      wxml: `<view${listener(random)}>${inSlot ? '<slot></slot>' : inner}</view>`,
      script: definition(random, 'outer', relations('inner', inSlot ? 'child' : 'descendant')),
    },
    inner: {
      wxml: '<view>{{d}}</view>',
      script: definition(random, 'inner', relations('outer', inSlot ? 'parent' : 'ancestor')),
    },
  };
  if (relation)
    for (const name of ['outer', 'inner'] as const)
      components[name].script = components[name].script.includes('behaviors: [shared],')
        ? components[name].script.replace('behaviors: [shared],', `behaviors: [shared, ${name}Mark],`)
        : components[name].script.replace('Component({', `Component({\nbehaviors: [${name}Mark],`);
  return { components, actions: Array.from({ length: 6 }, () => action(random)) };
}

function action(random: Random): Action {
  if (random() < 0.3) {
    const flag = () => random() < 0.5;
    const options = { bubbles: flag(), composed: flag(), capturePhase: flag() };
    return { on: pick(random, ['outer', 'inner'] as const), fire: 'ev', options };
  }
  const on = pick(random, ['root', 'root', 'outer', 'inner'] as const);
  // Paths into a field lead through objects and lists only: what stands there never becomes something else.
  const path = () => pick(random, [...FIELDS, ...FIELDS, ...PROPERTIES, 'o.k.m', 'o.n', 'l[0]', 'l[1].k', 'l[2]']);
  const setData: Record<string, unknown> = {};
  for (let i = 0; i < 1 + Math.floor(random() * 2); i++) {
    const at = path();
    setData[at] = FIELDS.includes(at) ? value(random) : pick(random, [...VALUES, ...OBJECTS]);
  }
  return { on, setData };
}
