import { join } from "node:path";
import { must } from "../lab/run.ts";
import { type Comparison, compare, timeProgram } from "./timing.ts";

const ROUNDS = 41;
const env = {};

/** How long waifuctl takes to say its version and its help, against the smallest citty program built alike. */
export async function* measureStartUp(binary: string, folder: string): AsyncGenerator<Comparison> {
  const hello = join(folder, "hello");
  await compile("test/bench/citty-hello.ts", hello);
  for (const flag of ["--version", "--help"]) {
    yield compare({
      what: `waifuctl ${flag}`,
      against: "a citty hello world",
      limit: 1.5,
      rounds: ROUNDS,
      ours: () => timeProgram([binary, flag], { env }),
      reference: () => timeProgram([hello, flag], { env }),
    });
  }
}

/** As `bun run build` does. */
export async function compile(entry: string, outfile: string): Promise<void> {
  await must(["sh", ".ci/compile.sh", entry, outfile], { cwd: join(import.meta.dir, "../..") });
}
