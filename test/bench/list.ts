import type { Site } from "./site.ts";
import { type Comparison, compare, timeProgram } from "./timing.ts";

const INSTANCES = 5;
const ROUNDS = 25;

/** Five running instances listed, by us and by virsh over ssh. */
export async function* measureList({ operator, lab, ssh }: Site, binary: string): AsyncGenerator<Comparison> {
  const { url, sha256 } = lab.image("tiny");
  await operator.answer("template", "add", "tiny", url, "--sha256", sha256);
  const names = Array.from({ length: INSTANCES }, (_, index) => `listed-${index}`);
  // Until they answer: guests that boot would be in the way.
  await Promise.all(names.map((name) => operator.answer("create", name, "--template", "tiny")));
  yield compare({
    what: `list of ${INSTANCES}`,
    against: "ssh NODE virsh list --all",
    limit: 1,
    rounds: ROUNDS,
    ours: () => timeProgram([binary, "list"], { cwd: operator.home, env: { HOME: operator.home } }),
    reference: () => timeProgram([...ssh, "virsh", "list", "--all"]),
  });
  for (const name of names) await operator.answer("delete", name, "--yes");
}
