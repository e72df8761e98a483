import type { Change } from "../apply/change.ts";
import type { Difference } from "../apply/differences.ts";
import type { Outcome } from "../apply/run-apply.ts";
import { WaifuError } from "../errors.ts";
import { seedIsReadAt } from "../instances/edit.ts";
import { ansi } from "../terminal/ansi.ts";
import type { Output } from "../terminal/terminal.ts";

type Shown = Exclude<Change, { action: "none" }>;

const marks: Record<Shown["action"], string> = {
  create: "+",
  change: "~",
  restart: "~",
  replace: "-/+",
  delete: "-",
  refuse: "!",
};

const words: Record<Change["action"], string> = {
  create: "to create",
  change: "to change",
  restart: "to change and restart",
  replace: "to delete and make anew",
  delete: "to delete",
  refuse: "that can't be done",
  none: "as described",
};

/** A paragraph for each instance that is not as described, then how many of each. */
export function renderChanges(changes: readonly Change[], output: Pick<Output, "hasColor">): string {
  const shown = changes.filter((change) => change.action !== "none");
  if (shown.length === 0) return `Nothing to do: ${changes.length} as described.\n`;
  const { green, yellow, red } = ansi(output);
  const paint = { create: green, change: yellow, restart: yellow, replace: red, delete: red, refuse: red };
  const lines = shown.flatMap((change) => [
    paint[change.action](`${marks[change.action]} ${change.name}${consequence(change)}`),
    ...change.what.flatMap((difference) => renderDifference(difference, change)),
  ]);
  return `${lines.join("\n")}\n\n${count(changes)}.\n`;
}

/** `1 to create, 2 as described` */
export function count(changes: readonly Change[]): string {
  return Object.entries(words)
    .map(([action, text]) => ({ text, number: changes.filter((change) => change.action === action).length }))
    .flatMap(({ number, text }) => (number === 0 ? [] : [`${number} ${text}`]))
    .join(", ");
}

export function changeJson(change: Change): Record<string, unknown> {
  const { name, action, what } = change;
  const { message, hint } = change.action === "refuse" ? change.refusal : {};
  return {
    name,
    action,
    node: nodeOf(change),
    what: what.map(({ needs: _, ...rest }) => rest),
    message,
    hint,
  };
}

export function outcomeJson({ change, error }: Outcome): Record<string, unknown> {
  const failure = error && { code: error.code, message: error.message, hint: error.hint };
  return { ...changeJson(change), done: error === undefined, error: failure };
}

/** Throws when a part of it can't be done: then nothing is. */
export function refuseIncomplete(changes: readonly Change[]): void {
  const refusals = changes.flatMap((change) => (change.action === "refuse" ? [change] : []));
  const [first] = refusals;
  if (first === undefined) return;
  if (refusals.length === 1) throw first.refusal;
  const lines = refusals.map(({ refusal: { message, hint } }) => (hint ? `${message}. ${hint}` : message));
  const message = `${refusals.length} instances can't be as described:\n${lines.join("\n")}`;
  throw new WaifuError("refused", message, { hint: "Nothing was changed." });
}

function consequence(change: Shown): string {
  const node = nodeOf(change);
  const where = node === undefined ? "" : ` on ${node}`;
  switch (change.action) {
    case "restart":
      return `${where}, and restart it`;
    case "replace":
      return `${where}, made anew: what is on its disk is lost`;
    case "delete":
      return `${where}, with its disk`;
    case "refuse":
      return `${where}: ${change.refusal.message}`;
    default:
      return where;
  }
}

function nodeOf(change: Change): string | undefined {
  return "node" in change ? change.node : change.actual?.node.name;
}

function renderDifference({ field, from, to, diff }: Difference, change: Shown): string[] {
  const words = change.action === "create" ? (to ?? "") : `${from ?? "none"} → ${to ?? "none"}`;
  const isRead = change.action === "change" && diff !== undefined;
  const when = isRead ? `, which its guest reads at its next ${readings[seedIsReadAt(change.actual)]}` : "";
  const lines = diff?.trimEnd().split("\n").slice(2) ?? [];
  return [`    ${field}: ${words}${when}`, ...lines.map((line) => `        ${line}`)];
}

const readings = { start: "start", reboot: "reboot", "stop and start": "start after a stop" };
