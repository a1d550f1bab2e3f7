/** Values as JSON can carry them, see RecordTag. */
export function toWire(value: unknown): unknown {
  if (typeof value === 'bigint') return { $n: value.toString() };
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Uint8Array)
    return { $b: Buffer.from(value.buffer, value.byteOffset, value.length).toString('base64') };
  if (Array.isArray(value)) return value.map(toWire);
  const out: Record<string, unknown> = {};
  for (const key in value) {
    const item = (value as Record<string, unknown>)[key];
    // An own property whatever its name is.
    if (key === '__proto__') Object.defineProperty(out, key, { value: toWire(item), enumerable: true });
    else out[key.charCodeAt(0) === 36 ? `$${key}` : key] = toWire(item);
  }
  return out;
}

export function fromWire(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(fromWire);
  const tagged = value as { $n?: unknown; $b?: unknown };
  if (typeof tagged.$n === 'string') return /^-?\d{1,25}$/.test(tagged.$n) ? BigInt(tagged.$n) : tagged.$n;
  if (typeof tagged.$b === 'string') return new Uint8Array(Buffer.from(tagged.$b, 'base64'));
  const out: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    const item = fromWire((value as Record<string, unknown>)[key]);
    if (key === '__proto__') Object.defineProperty(out, key, { value: item, enumerable: true });
    else out[key.startsWith('$$') ? key.slice(1) : key] = item;
  }
  return out;
}
