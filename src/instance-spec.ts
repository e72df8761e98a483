/** How a guest's cloud-init gets its seed: from a small disk, or over HTTP from its node's metadata service. */
export type SeedTransport = "cidata" | "http";

/** Which stops of an instance `reconcile` answers by starting it again; a guest that shut itself down has not failed. */
export const restartPolicies = ["always", "on-failure", "never"] as const;
export type RestartPolicy = (typeof restartPolicies)[number];

/**
 * What was wanted of an instance. Its home is the libvirt domain's `<metadata>` element, namespace `urn:waifu:1`, so that any
 * waifuctl on any machine can take the cluster over; SQLite only remembers the last one seen.
 */
export type InstanceSpec = {
  readonly uuid: string;
  readonly name: string;
  /** Counts the edits of the seed; the higher one wins. */
  readonly generation: number;
  readonly template: { readonly name: string; readonly digest: string };
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly diskBytes: number;
  /** Absent: BIOS. */
  readonly firmware?: "uefi";
  /** Absent: a disk labelled CIDATA. */
  readonly seed?: "http";
  /** Absent: on-failure. */
  readonly restart?: RestartPolicy;
  /** Absent: on. */
  readonly power?: "off";
  readonly mac: string;
  /** Reserved on a libvirt network before the first boot; absent on a bridge. */
  readonly address?: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Login user of the seed. */
  readonly user: string;
  /** Public half of the host key that the seed carries; absent when the user's own cloud-config brings host keys. */
  readonly hostKey?: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
};
