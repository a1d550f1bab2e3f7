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

/** Replaces the names of built-in behaviors (`wx://form-field` …) and drops what is not a behavior at all. */
export function prepareDefinition(definition: Definition, builtin: Map<string, unknown>): Definition {
  const prepared = { ...definition };
  if (Array.isArray(definition.behaviors)) {
    prepared.behaviors = definition.behaviors
      .map((behavior) => (typeof behavior === 'string' ? builtin.get(behavior) : behavior))
      .filter((behavior) => behavior !== undefined && behavior !== null);
  }
  // `relations` may name built-in or string targets the same way.
  if (typeof definition.relations === 'object' && definition.relations) {
    prepared.relations = Object.fromEntries(
      Object.entries(definition.relations as Record<string, Record<string, unknown>>).map(([key, relation]) => [
        key,
        typeof relation?.target === 'string' ? { ...relation, target: builtin.get(relation.target) } : relation,
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
