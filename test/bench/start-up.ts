// How long waifuctl takes to say its version and its help, against the smallest citty program built alike. Fails above 1.5 times.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const ROUNDS = 41;
const LIMIT = 1.5;

const root = join(import.meta.dir, "../..");
const folder = mkdtempSync(join(tmpdir(), "waifuctl-bench-"));

function compile(entry: string, name: string): string {
  const outfile = join(folder, name);
  const { exitCode } = Bun.spawnSync(["sh", ".ci/compile.sh", entry, outfile], {
    cwd: root,
    stderr: "inherit",
  });
  if (exitCode !== 0) throw new Error(`${entry} does not compile`);
  return outfile;
}

function time(argv: string[]): number {
  const start = Bun.nanoseconds();
  const { exitCode } = Bun.spawnSync(argv, { env: {} });
  if (exitCode !== 0) throw new Error(`${argv.join(" ")} failed`);
  return (Bun.nanoseconds() - start) / 1e6;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

const ours = compile("src/main.ts", "waifuctl");
const hello = compile("test/bench/citty-hello.ts", "hello");
let worst = 0;
for (const flag of ["--version", "--help"]) {
  // Interleaved, so that both meet the same weather.
  const rounds = Array.from({ length: ROUNDS }, () => ({
    ours: time([ours, flag]),
    hello: time([hello, flag]),
  }));
  const [oursMs, helloMs] = [
    median(rounds.map((round) => round.ours)),
    median(rounds.map((round) => round.hello)),
  ];
  const ratio = oursMs / helloMs;
  worst = Math.max(worst, ratio);
  console.log(
    `${flag.padEnd(9)}  waifuctl ${oursMs.toFixed(1)} ms  citty hello ${helloMs.toFixed(1)} ms  ratio ${ratio.toFixed(2)}`,
  );
}
rmSync(folder, { recursive: true });
process.exitCode = worst <= LIMIT ? 0 : 1;
