import fc from "fast-check";

/** So many of them, or all, by the seed's chance and in its order. */
export function sample<T>(all: readonly T[], count: number, seed: number): T[] {
  const length = Math.min(count, all.length);
  const some = fc.shuffledSubarray([...all], { minLength: length, maxLength: length });
  return fc.sample(some, { seed, numRuns: 1 })[0] ?? [];
}
