import type { Reporter } from "../reporter.ts";
import type { Journal } from "../state/journal.ts";
import { fateOf } from "../state/living-process.ts";

type Mendable = { readonly verb: string; readonly instance: string; readonly node: string };

/** Tells of operations whose waifuctl was killed or lost its node before it could finish or undo them. */
export function warnOfInterrupted(journal: Pick<Journal, "open">, reporter: Reporter): void {
  // Of what was tried again and again, the last time.
  const dead = journal.open().filter((operation) => fateOf(operation) === "dead");
  const last = new Map(dead.map((operation) => [`${operation.node} ${operation.uuid}`, operation]));
  for (const operation of last.values()) {
    const { id, verb, instance, node, operator, stages, stage, startedAt } = operation;
    const who = operator && ` by ${operator}`;
    const doing = stages[stage - 1] ?? "its first step";
    reporter.warn(
      `${verb} ${instance} on ${node}, begun at ${startedAt}${who}, was cut off at "${doing}". Finish or undo it: waifuctl reconcile (only this one: waifuctl ops resume ${id.slice(0, 8)}, or undo)`,
    );
  }
}

/**
 * The operation is about an instance, not about a template's version (its `instance` is the template's name, its `uuid` the digest) or a
 * node (both are its name).
 */
export function concernsInstance({ verb }: Pick<Mendable, "verb">): boolean {
  return !/^(undo |finish )?(prepare$|template |node )/.test(verb);
}

/** What a person would type to finish or clear up an operation that was cut off. */
export function mendingCommand({ verb, instance, node }: Mendable): string {
  const base = verb.replace(/^(undo|finish) /, "");
  const name = instance.replace(/@.*/, "");
  if (base === "node setup") return `waifuctl node setup ${node}`;
  if (base === "prepare") return `waifuctl template add ${name} --node ${node}`;
  if (base === "template repair") return `waifuctl template add ${name} --node ${node} --repair`;
  if (base === "template delete") return `waifuctl template delete ${instance}`;
  if (base.startsWith("template ")) return `waifuctl template prune --node ${node}`;
  return base === "create" || base === "delete"
    ? `waifuctl delete ${instance} --yes`
    : `waifuctl show ${instance}`;
}
