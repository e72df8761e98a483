import type { Command, Stdin } from "../command.ts";
import { formatSize } from "../size.ts";
import { quote } from "../ssh/quote.ts";
import type { Plan } from "./plan.ts";

export type DescribedPlan = {
  readonly verb: string;
  readonly instance: string;
  readonly node: string;
  readonly steps: readonly { readonly title: string; readonly commands: readonly string[] }[];
};

/** The plan for a reader: the very commands that a run would send, as shell lines that can be pasted on the node. */
export function describePlan({
  verb,
  instance,
  node,
  stages,
}: Omit<Plan, "node" | "uuid"> & { readonly node: { readonly name: string } }): DescribedPlan {
  return {
    verb,
    instance,
    node: node.name,
    steps: stages.flat().map(({ title, commands }) => ({ title, commands: commands.map(describeCommand) })),
  };
}

export function renderPlan(plan: DescribedPlan): string {
  // What concerns no instance has no name of one.
  const what = [plan.verb, plan.instance].filter(Boolean).join(" ");
  if (plan.steps.length === 0) return `Nothing to do: ${what} on ${plan.node} is as asked.\n`;
  const steps = plan.steps.map(({ title, commands }) => [`# ${title}`, ...commands].join("\n"));
  return `On ${plan.node}, ${what} would run:\n\n${steps.join("\n\n")}\n`;
}

function describeCommand({ argv, pipeTo = [], stdin, secrets = [] }: Command): string {
  const [first = "", ...others] = [argv, ...pipeTo].map((part) => part.map(quote).join(" "));
  if (stdin === undefined) return [first, ...others].join(" | ");
  const shown = typeof stdin === "string" ? secrets.reduce(redact, stdin) : stdin;
  const { redirection, body } = describeStdin(shown);
  return [[`${first} ${redirection}`, ...others].join(" | "), ...body].join("\n");
}

function redact(text: string, secret: string): string {
  return text.replaceAll(secret, "[redacted]");
}

/** Text is shown: it is the domain's XML or a label. A seed is bytes, and may hold secrets. */
function describeStdin(stdin: Stdin): { redirection: string; body: readonly string[] } {
  if (typeof stdin === "string") return { redirection: "<<'END'", body: [stdin.trimEnd(), "END"] };
  if (stdin instanceof Uint8Array) return { redirection: `< (${formatSize(stdin.length)})`, body: [] };
  if ("path" in stdin) return { redirection: `< ${quote(stdin.path)}`, body: [] };
  return { redirection: `< (on ${stdin.node}: ${stdin.argv.map(quote).join(" ")})`, body: [] };
}
