import type { Command } from "../command.ts";
import type { InstanceSpec } from "../instance-spec.ts";
import type { SeedSource } from "../libvirt/domain-xml.ts";
import { renderCurrent, seedRecord } from "../metadata/seed.ts";
import { seedDisk } from "../metadata/seed-disk.ts";
import type { SeedHistory } from "../metadata/seed-history.ts";
import { storeSeed } from "../metadata/seed-service.ts";
import { seedUrl } from "../metadata/service-paths.ts";
import { seedHistoryPath, seedPath, writeFile } from "../storage/node-files.ts";

/** Keeps the history, then puts its current generation where the guest finds it: a token means over HTTP, else it is a disk. */
export function writeSeed(
  { uuid, mac }: Pick<InstanceSpec, "uuid" | "mac">,
  history: SeedHistory,
): Command[] {
  const { token } = history;
  return [
    writeFile(seedHistoryPath(uuid), new TextEncoder().encode(JSON.stringify(history))),
    token === undefined
      ? writeFile(seedPath(uuid), seedDisk(renderCurrent(history)))
      : storeSeed(seedRecord(history, token, mac)),
  ];
}

export function seedSource({ uuid, token }: SeedHistory): SeedSource {
  return token === undefined ? { kind: "disk", path: seedPath(uuid) } : { kind: "url", url: seedUrl(token) };
}
