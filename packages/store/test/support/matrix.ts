/** Picks from a matrix: all of it for a soak, else some by a seed that is printed. */
export function sample<T>(all: readonly T[], count: number, name: string): T[] {
  if (process.env.SPARROW_SOAK === '1') return [...all];
  let seed = Number(process.env.SPARROW_SEED ?? Date.now() % 1_000_000);
  process.stdout.write(`${name}: ${count} of ${all.length}, SPARROW_SEED=${seed}\n`);
  const left = [...all];
  const picked: T[] = [];
  while (picked.length < count && left.length > 0) {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    picked.push(...left.splice(seed % left.length, 1));
  }
  return picked;
}
