import type { ListedInstance } from "../instances/list.ts";

/** An instance as --json prints it, wherever it is printed. */
export function instanceJson({
  node,
  spec,
  state,
  lastSeenAt,
  newerTemplate,
}: ListedInstance): Record<string, unknown> {
  const { hostKey, ...rest } = spec;
  const templateDigest = spec.template.digest;
  return { node, state, lastSeenAt, ...rest, templateDigest, newerTemplate, hostKey };
}

/** `debian-12`, or `debian-12@a1b2c3d4 (newer: e5f6a7b8)` where the name means another version by now. */
export function templateWords({
  spec,
  newerTemplate,
}: Pick<ListedInstance, "spec" | "newerTemplate">): string {
  const { name, digest } = spec.template;
  if (newerTemplate === undefined) return name;
  return `${name}@${digest.slice(0, 8)} (newer: ${newerTemplate.slice(0, 8)})`;
}
