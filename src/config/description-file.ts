import { z } from "zod";
import { restartPolicies } from "../instance-spec.ts";
import * as field from "./cluster-fields.ts";
import { dotted, type FileKind, type KnownKeys } from "./file-mistakes.ts";
import { listOfTables, rule } from "./table-rule.ts";

const sharedKeys = {
  template: field.plainText.optional(),
  cpus: field.cpuCount.optional(),
  memory: field.bytes.optional(),
  disk: field.bytes.optional(),
  user_data: z.string().optional(),
  user_data_file: field.operatorPath.optional(),
  ssh_key_file: field.operatorPath.optional(),
  labels: field.instanceLabels.optional(),
  node: field.nodeName.optional(),
  node_labels: field.labels.optional(),
  seed: z.enum(["cidata", "http"]).optional(),
  restart: z.enum(restartPolicies).optional(),
};

const isOneUserData = rule(
  (table) => !("user_data" in table && "user_data_file" in table),
  "user_data_file",
  "excludes user_data",
  "Keep one of the two.",
);

const defaultsTable = z.strictObject(sharedKeys).check(isOneUserData);

const instanceTable = z
  .strictObject({ name: field.instanceName, count: z.int().min(0).max(1000).optional(), ...sharedKeys })
  .check(
    isOneUserData,
    rule(
      ({ name, count }) => count !== undefined || typeof name !== "string" || !name.includes("{n}"),
      "name",
      "has a {n} but no count",
      "Say how many: count = 3",
    ),
  );

/** A file of descriptions as it is written: snake_case keys, sizes as text. */
export const descriptionFile = z.strictObject({
  set: field.setName.optional(),
  defaults: defaultsTable.optional(),
  instance: listOfTables("instance", instanceTable).optional(),
});

export type InstanceTable = z.input<typeof instanceTable>;
export type CheckedInstanceTable = z.output<typeof instanceTable>;
export type CheckedDescriptionFile = z.output<typeof descriptionFile>;

const knownKeys: Readonly<Record<string, readonly string[]>> = {
  "": Object.keys(descriptionFile.shape),
  defaults: Object.keys(defaultsTable.shape),
  instance: Object.keys(instanceTable.shape),
};

export const knownAt: KnownKeys = (path) => knownKeys[dotted(path)] ?? [];

export const descriptionKind: FileKind = {
  kind: "the descriptions",
  hint: "The README, under Descriptions, explains every key.",
};
