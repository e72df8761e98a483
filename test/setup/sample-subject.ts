import { join } from "node:path";
import { binaryPath } from "../../src/metadata/service-paths.ts";
import { type Machine, type NodeFile, parseMachine } from "../../src/setup/machine.ts";
import type { Subject } from "../../src/setup/need.ts";
import { serviceFiles } from "../../src/setup/service-files.ts";
import { nodeConfig } from "../scripted-cluster.ts";

/** What the look printed on a Debian 12 node (libvirt 9.0.0, Redis 7.0.15), before and after `node setup`. */
export const captured = {
  bare: await Bun.file(join(import.meta.dir, "captured/bare.txt")).text(),
  well: await Bun.file(join(import.meta.dir, "captured/well.txt")).text(),
};

export const ownDigest = "b".repeat(64);

const sha256 = (text: string) => new Bun.CryptoHasher("sha256").update(text).digest("hex");

/** A node of which nothing can be said, but that it lacks what `changes` says. */
export function subject(changes: Partial<Machine> = {}, others: Partial<Subject> = {}): Subject {
  const node = nodeConfig("n1");
  const files = serviceFiles("virbr0");
  const machine: Machine = { ...parseMachine(captured.well), kvm: "usable", files: inOrder(), ...changes };
  const binary = { path: "/opt/waifuctl", digest: ownDigest, architecture: "x86_64" };
  return { node, machine, bridge: "virbr0", files, binary, skewMs: 0, ...others };
}

/** The captured files, as today's waifuctl would have written them. */
export function inOrder(
  changes: Readonly<Record<string, Partial<NodeFile> | undefined>> = {},
): Machine["files"] {
  const files = new Map(parseMachine(captured.well).files);
  const digests = serviceFiles("virbr0").map(({ path, content }) => [path, sha256(content)] as const);
  for (const [path, digest] of [...digests, [binaryPath, ownDigest] as const])
    files.set(path, { mode: 0o644, owner: "root", digest });
  for (const [path, change] of Object.entries(changes)) {
    const found = files.get(path);
    if (found === undefined || change === undefined) files.delete(path);
    else files.set(path, { ...found, ...change });
  }
  return files;
}
