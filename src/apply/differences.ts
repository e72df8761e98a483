import { type Description, ownerLabel } from "../config/description.ts";
import { WaifuError } from "../errors.ts";
import { isActive } from "../libvirt/domain-list.ts";
import { diffUserData } from "../metadata/user-data-diff.ts";
import { exactSize } from "../size.ts";
import { shortDigest } from "../templates/versions.ts";
import type { Actual } from "./sight.ts";

/** One field of an instance that is not as described, in the words of the file. */
export type Difference = {
  readonly field: string;
  /** Absent: there was none. */
  readonly from?: string;
  /** Absent: there will be none. */
  readonly to?: string;
  /** What it takes to change it. */
  readonly needs: "nothing" | "restart" | "replacement";
  /** Of user-data: as `diff -u` tells it. */
  readonly diff?: string;
};

/** What a description says of itself, and whether the instance's template is what `template` means. */
export type Wanted = Description & { readonly isSameTemplate: boolean };

/** Only what is described is compared. Throws `refused` where the node has lost the user-data. */
export function differences(wanted: Wanted, actual: Actual): Difference[] {
  const { node, spec, state } = actual;
  const { digest, name: templateName } = spec.template;
  const atRestart = isActive(state) ? "restart" : "nothing";
  const transport = spec.seed ?? "cidata";
  const misplaced = Object.entries(wanted.nodeLabels ?? {}).filter(
    ([key, value]) => node.labels[key] !== value,
  );
  return [
    changed(
      "template",
      `${templateName}@${shortDigest(digest)}`,
      wanted.isSameTemplate ? undefined : wanted.template,
      "replacement",
    ),
    changed("node", node.name, wanted.node, "replacement"),
    misplaced.map(([key, to]) => difference(`node_labels.${key}`, node.labels[key], to, "replacement")),
    changed("disk", exactSize(spec.diskBytes), sizeOf(wanted.diskBytes), "replacement"),
    changed("seed", transport, wanted.seed, "replacement"),
    changed("cpus", String(spec.cpus), wanted.cpus?.toString(), atRestart),
    changed("memory", exactSize(spec.memoryBytes), sizeOf(wanted.memoryBytes), atRestart),
    userDataDifference(wanted, actual),
    changed("restart", spec.restart ?? "on-failure", wanted.restart, "nothing"),
    changed("set", spec.labels[ownerLabel], wanted.set, "nothing"),
    labelDifferences(wanted, actual),
  ].flat();
}

/** All labels that the instance is to have, its owner's too. */
export function labelsOf({ labels, set }: Description, actual?: Actual): Record<string, string> {
  const { [ownerLabel]: owner = undefined, ...own } = actual?.spec.labels ?? {};
  const owned = set ?? owner;
  return { ...(labels ?? own), ...(owned === undefined ? {} : { [ownerLabel]: owned }) };
}

function labelDifferences({ labels }: Wanted, { spec }: Actual): Difference[] {
  if (labels === undefined) return [];
  const keys = [...new Set([...Object.keys(spec.labels), ...Object.keys(labels)])].sort();
  return keys
    .filter((key) => key !== ownerLabel && spec.labels[key] !== labels[key])
    .map((key) => difference(`labels.${key}`, spec.labels[key], labels[key], "nothing"));
}

function userDataDifference({ name, userData }: Wanted, { node, history }: Actual): Difference[] {
  if (userData === undefined) return [];
  if (history === undefined) {
    throw new WaifuError("refused", `node ${node.name} has lost the user-data of ${name}`, {
      node: node.name,
      instance: name,
      hint: "waifuctl reconcile says what can be done; until then leave its user-data out of the description.",
    });
  }
  const { current } = history;
  if (current.userData === userData.text) return [];
  const [from, to] = [current.generation, current.generation + 1].map((number) => `generation ${number}`);
  const diff = diffUserData(
    { text: current.userData, title: `${name} ${from}` },
    { text: userData.text, title: `${name} ${to}` },
  );
  return [{ ...difference("user_data", from, to, "nothing"), diff }];
}

function changed(
  field: string,
  from: string | undefined,
  to: string | undefined,
  needs: Difference["needs"],
): Difference[] {
  return to === undefined || to === from ? [] : [difference(field, from, to, needs)];
}

function difference(
  field: string,
  from: string | undefined,
  to: string | undefined,
  needs: Difference["needs"],
): Difference {
  return { field, from, to, needs };
}

function sizeOf(bytes: number | undefined): string | undefined {
  return bytes === undefined ? undefined : exactSize(bytes);
}
