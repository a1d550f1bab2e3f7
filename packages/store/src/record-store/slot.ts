/**
 * The slot of a sharding key: FNV-1a over its tuple with the finaliser of MurmurHash3, so that neighbouring numbers lie
 * far apart.
 */
export function slotOf(bytes: Uint8Array, slots: number, from = 0): number {
  let hash = 0x811c9dc5;
  for (let i = from; i < bytes.length; i++) hash = Math.imul(hash ^ (bytes[i] as number), 0x01000193);
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  hash ^= hash >>> 16;
  return (hash >>> 0) % slots;
}
