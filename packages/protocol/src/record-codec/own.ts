import type { RecordValue } from './descriptor.ts';

/**
 * Names that every object has without being told: a field of such a name is there only when the object itself has it.
 */
const INHERITED = new Set(Object.getOwnPropertyNames(Object.prototype));
export const isInherited = (name: string): boolean => INHERITED.has(name);

/** The value of a field, whatever its name. What objects inherit are functions, which no field can have as a value. */
export function own(record: RecordValue, name: string): unknown {
  const value = record[name];
  if (typeof value !== 'function' && name !== '__proto__') return value;
  return Object.hasOwn(record, name) ? value : undefined;
}

/** Sets a field, whatever its name: an assignment to `__proto__` would change what the object inherits. */
export function setOwn(record: RecordValue, name: string, value: unknown): void {
  if (name === '__proto__')
    Object.defineProperty(record, name, { value, enumerable: true, configurable: true, writable: true });
  else record[name] = value;
}

/** Whether a value can stand for a message or a map: no list, no Map, no Date, no bytes. */
export function isPlain(value: unknown): value is RecordValue {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value) as unknown;
  if (prototype === Object.prototype || prototype === null) return true;
  // Objects of another realm, and of a program's own classes.
  return Object.prototype.toString.call(value) === '[object Object]';
}
