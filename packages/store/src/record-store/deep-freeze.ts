/** Freezes an object and what it holds; bytes cannot be frozen and are left as they are. */
export function deepFreeze<T extends object>(value: T): T {
  if (ArrayBuffer.isView(value) || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const inner of Object.values(value)) if (typeof inner === 'object' && inner !== null) deepFreeze(inner);
  return value;
}
