import type { Actual, Sight } from "../../src/apply/sight.ts";
import { lookAround } from "../../src/apply/sight.ts";
import type { Description } from "../../src/config/description.ts";
import type { InstanceSpec } from "../../src/instance-spec.ts";
import { type NodeContents, probeRules, scriptedCluster } from "../scripted-cluster.ts";
import { ScriptedRunner } from "../scripted-runner.ts";
import { spec } from "../spec.ts";

export const userData = "#cloud-config\npackages: [git]\n";

/** What a node keeps of an instance's seed. */
export function history({ uuid, name, generation }: InstanceSpec, text = userData) {
  const current = {
    generation,
    userData: text,
    createdAt: "2026-01-01T00:00:00.000Z",
    createdBy: "mai@home",
  };
  return {
    uuid,
    hostname: name,
    sshKeys: ["ssh-ed25519 AAAA me"],
    token: "guests-own",
    current,
    earlier: [],
  };
}

export function describedAs(name: string, more: Partial<Description> = {}): Description {
  return { name, origin: "lab.toml:1", ...more };
}

/** An instance with its own uuid, made of `spec`. */
export function instance(name: string, more: Partial<InstanceSpec> = {}): InstanceSpec {
  const uuid = `6f1d2c3b-0a1b-4c2d-8e3f-${Buffer.from(name.padEnd(6).slice(-6)).toString("hex")}`;
  return { ...spec, uuid, name, labels: {}, ...more };
}

export type Nodes = readonly (readonly InstanceSpec[] | Error)[];

/** Nodes n1, n2, … with these instances, all running. */
export function nodesWith(...nodes: Nodes) {
  return nodes.map((specs, index) => {
    if (specs instanceof Error) return specs;
    const contents = (): NodeContents => ({
      domains: specs.map((one) => ({ spec: one, state: 1 })),
      disks: specs.map(({ name, uuid }) => ({ name, uuid })),
    });
    const seeds = specs.map((one) => `${JSON.stringify(history(one))}\n`).join("");
    return new ScriptedRunner(`n${index + 1}`, [[/"earlier"/, seeds], ...probeRules(contents)]);
  });
}

/** The same, looked at. */
export async function sightOf(...nodes: Nodes) {
  const cluster = scriptedCluster(nodesWith(...nodes));
  return { cluster, sight: await lookAround(cluster) };
}

/** A cluster that nobody need be asked about. */
export function sightWithout(actual: readonly Actual[]): Sight {
  return { actual, probes: [], failures: [], unseen: [] };
}
