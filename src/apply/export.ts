import type { InstanceTable } from "../config/description-file.ts";
import { writeDescriptions } from "../config/write-descriptions.ts";
import { WaifuError } from "../errors.ts";
import { nearest } from "../nearest.ts";
import type { Cluster } from "../nodes/cluster.ts";
import type { NodeFailure } from "../nodes/fan-out.ts";
import { exactSize } from "../size.ts";
import { describeInstance } from "./describe-instance.ts";
import { type Actual, lookAround } from "./sight.ts";

export type Exported = {
  readonly tables: readonly InstanceTable[];
  readonly text: string;
  /** Those whose node has lost their user-data: it is not in the text. */
  readonly incomplete: readonly Actual[];
  readonly failures: readonly NodeFailure[];
};

/** What runs, as `apply` takes it; all instances when no name is given. Throws `not-found`. */
export async function exportInstances(
  cluster: Cluster,
  names: readonly string[],
  signal?: AbortSignal,
): Promise<Exported> {
  const { actual, failures } = await lookAround(cluster, signal);
  const known = actual.map(({ spec }) => spec.name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    const meant = nearest(unknown, known);
    throw new WaifuError("not-found", `there is no instance ${JSON.stringify(unknown)}`, {
      instance: unknown,
      hint: meant === undefined ? "See waifuctl list." : `Did you mean ${meant}?`,
    });
  }
  const chosen = actual.filter(({ spec }) => names.length === 0 || names.includes(spec.name));
  const tables = tablesOf(chosen);
  const incomplete = chosen.filter(({ history }) => history === undefined);
  return { tables, text: writeDescriptions(tables), incomplete, failures };
}

/** Sorted, so that the same instances always make the same file. */
export function tablesOf(instances: readonly Actual[]): InstanceTable[] {
  return instances
    .map(describeInstance)
    .sort((one, other) => (one.name < other.name ? -1 : 1))
    .map(({ origin: _, memoryBytes, diskBytes, labels, userData, name, template, cpus, ...rest }) => ({
      name,
      template,
      cpus,
      memory: exactSize(memoryBytes),
      disk: exactSize(diskBytes),
      ...rest,
      labels: Object.keys(labels).length > 0 ? Object.fromEntries(Object.entries(labels).sort()) : undefined,
      user_data: userData?.text,
    }));
}
