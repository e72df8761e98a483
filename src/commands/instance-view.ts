import type { ListedInstance } from "../instances/list.ts";

/** An instance as --json prints it, wherever it is printed. */
export function instanceJson({ node, spec, state, lastSeenAt }: ListedInstance): Record<string, unknown> {
  const { hostKey, ...rest } = spec;
  return { node, state, lastSeenAt, ...rest, hostKey };
}
