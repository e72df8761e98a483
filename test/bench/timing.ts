import { loadavg } from "node:os";

/** One run of one way of doing something, in milliseconds. Phases may overlap, or leave time between them. */
export type Timing = { readonly totalMs: number; readonly phases: Readonly<Record<string, number>> };

export type Way = () => Timing | Promise<Timing>;

/** What was measured, with the ratio of the medians that it may have; without one it is shown and not judged. */
export type Comparison = {
  readonly what: string;
  readonly against: string;
  readonly limit?: number;
  readonly ours: readonly Timing[];
  readonly reference: readonly Timing[];
  /** Runnable processes of the last minute, ours among them: figures from a busy machine say little. */
  readonly load: number;
};

export type Question = Pick<Comparison, "what" | "against" | "limit"> & {
  readonly rounds: number;
  readonly ours: Way;
  readonly reference: Way;
};

/** Runs both ways in turns, so that both meet the same weather. The first round of each warms up and does not count. */
export async function compare({ rounds, ...question }: Question): Promise<Comparison> {
  const [ours, reference]: [Timing[], Timing[]] = [[], []];
  for (let round = 0; round <= rounds; round++) {
    const timings = [await question.ours(), await question.reference()] as const;
    if (round === 0) continue;
    ours.push(timings[0]);
    reference.push(timings[1]);
  }
  const [mine, theirs] = [medianOf(ours), medianOf(reference)];
  console.error(
    `bench: ${question.what}: ${mine.toFixed(1)} ms; ${question.against}: ${theirs.toFixed(1)} ms (${rounds} rounds)`,
  );
  return { ...question, ours, reference, load: loadavg()[0] ?? 0 };
}

/** By nearest rank: the smallest value that at least this share of all does not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

const medianOf = (timings: readonly Timing[]) =>
  percentile(
    timings.map(({ totalMs }) => totalMs),
    0.5,
  );

/** Runs a program to its end; throws with what it said unless that ends well. */
export async function timeProgram(
  argv: readonly string[],
  options: { cwd?: string; env?: Record<string, string> } = {},
): Promise<Timing> {
  const startedAt = performance.now();
  const child = Bun.spawn([...argv], { ...options, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [stderr, exitCode] = await Promise.all([child.stderr.text(), child.exited, child.stdout.text()]);
  const totalMs = performance.now() - startedAt;
  if (exitCode !== 0) throw new Error(`${argv.join(" ")}: exit ${exitCode}\n${stderr}`);
  return { totalMs, phases: {} };
}
