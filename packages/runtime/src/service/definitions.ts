/** What people hand to Page, Component and Behavior, brought into the shape the component framework takes. */

export interface Definition {
  behaviors?: unknown[];
  data?: unknown;
  methods?: Record<string, unknown>;
  properties?: Record<string, unknown>;
  options?: {
    styleIsolation?: string;
    addGlobalClass?: boolean;
    pureDataPattern?: RegExp | string;
    [key: string]: unknown;
  };
  [key: string]: unknown;
}

type Observer = (this: object, ...args: unknown[]) => unknown;

/** An observer that changes what it observes would run for ever; in one turn of the event loop it may run this often. */
const OBSERVER_LIMIT = 500;

/** Stops observers that run endlessly: the first call over the limit throws, those after it do nothing until the next turn. */
export function createObserverGuard(): (name: string, observer: Observer) => Observer {
  let counts = new Map<object, number>();
  return (name, observer) =>
    function guarded(...args) {
      if (counts.size === 0)
        queueMicrotask(() => {
          counts = new Map();
        });
      const count = (counts.get(this) ?? 0) + 1;
      counts.set(this, count);
      if (count === OBSERVER_LIMIT)
        throw new Error(`observer "${name}" ran ${OBSERVER_LIMIT} times in a row: it changes what it observes`);
      return count > OBSERVER_LIMIT ? undefined : observer.apply(this, args);
    };
}

/** Replaces the names of built-in behaviors (`wx://form-field` …), drops what is no behavior, and guards the observers. */
export function prepareDefinition(
  definition: Definition,
  builtin: Map<string, unknown>,
  guard: ReturnType<typeof createObserverGuard>,
): Definition {
  const prepared = { ...definition };
  if (typeof definition.observers === 'object' && definition.observers && !Array.isArray(definition.observers)) {
    prepared.observers = Object.fromEntries(
      Object.entries(definition.observers).flatMap(([name, observer]) => {
        const run = observerOf(observer);
        return run ? [[name, guard(name, run)]] : [];
      }),
    );
  }
  if (definition.properties) {
    prepared.properties = Object.fromEntries(
      Object.entries(definition.properties).map(([name, property]) => [name, preparedProperty(name, property, guard)]),
    );
  }
  if (Array.isArray(definition.behaviors)) {
    prepared.behaviors = definition.behaviors
      .map((behavior) => (typeof behavior === 'string' ? builtin.get(behavior) : behavior))
      .filter((behavior) => behavior !== undefined && behavior !== null);
  }
  if (typeof definition.relations === 'object' && definition.relations) {
    prepared.relations = Object.fromEntries(
      Object.entries(definition.relations as Record<string, Record<string, unknown>>).map(([key, relation]) => [
        key,
        relation?.target === undefined ? relation : { ...relation, target: relationTarget(relation.target, builtin) },
      ]),
    );
  }
  // undefined entries are legal in WeChat and not for the framework.
  if (definition.methods) {
    prepared.methods = Object.fromEntries(
      Object.entries(definition.methods).filter(([, method]) => typeof method === 'function'),
    );
  }
  if (prepared.data === null) delete prepared.data;
  return prepared;
}

/** What observes: a function, or the name of a method; a name that no method has observes nothing, as in the original. */
function observerOf(observer: unknown): Observer | undefined {
  if (typeof observer === 'function') return observer as Observer;
  if (typeof observer !== 'string') return undefined;
  return function named(...args) {
    const method = (this as Record<string, unknown>)[observer];
    return typeof method === 'function' ? method.apply(this, args) : undefined;
  };
}

/** Vue's way to write several types, `[String, Number]`, is found in real programs: the first one, or any of the others. */
function preparedProperty(name: string, property: unknown, guard: ReturnType<typeof createObserverGuard>): unknown {
  if (Array.isArray(property)) return preparedProperty(name, { type: property }, guard);
  if (typeof property !== 'object' || property === null) return property;
  const { observer, ...prepared } = property as { observer?: unknown; type?: unknown; optionalTypes?: unknown[] };
  if (Array.isArray(prepared.type)) {
    const [type = null, ...others] = prepared.type as unknown[];
    prepared.type = type;
    if (others.length > 0) prepared.optionalTypes = [...others, ...(prepared.optionalTypes ?? [])];
  }
  const run = observerOf(observer);
  return run ? { ...prepared, observer: guard(name, run) } : prepared;
}

const COMPONENT_KEYS = new Set(['data', 'behaviors', 'options', 'observers', 'lifetimes', 'pageLifetimes']);

/**
 * A Page() definition: functions become methods, `data` stays, every other field is copied to each new instance
 * (a deep copy of plain objects and arrays; instances of classes are shared).
 */
export function pageDefinition(definition: Definition): Definition & {
  init(instance: Record<string, unknown>): void;
} {
  const methods: Record<string, unknown> = {};
  const fields: Record<string, unknown> = {};
  const rest: Definition = { methods };
  for (const [key, value] of Object.entries(definition)) {
    if (COMPONENT_KEYS.has(key)) rest[key] = value;
    else if (typeof value === 'function') methods[key] = value;
    else fields[key] = value;
  }
  return {
    ...rest,
    init(instance) {
      for (const [key, value] of Object.entries(fields)) instance[key] = copyPlain(value, new Map());
    },
  };
}

/** Deep copy of plain objects and arrays, safe for cycles; anything else is kept as it is. */
export function copyPlain(value: unknown, seen: Map<object, unknown> = new Map()): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const known = seen.get(value);
  if (known) return known;
  if (Array.isArray(value)) {
    const copy: unknown[] = [];
    seen.set(value, copy);
    for (const item of value) copy.push(copyPlain(item, seen));
    return copy;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return value;
  const copy: Record<string, unknown> = {};
  seen.set(value, copy);
  for (const [key, item] of Object.entries(value)) copy[key] = copyPlain(item, seen);
  return copy;
}

/** The adapter hands targets on as they are, and the framework knows none but its own behaviors. */
function relationTarget(target: unknown, builtin: ReadonlyMap<string, unknown>): unknown {
  const behavior = typeof target === 'string' ? (builtin.get(target) ?? target) : target;
  return (behavior as { _$?: unknown } | null)?._$ ?? behavior;
}
