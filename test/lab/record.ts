import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { withLock } from "./lock.ts";
import { labDir, runDir } from "./paths.ts";
import { LabError } from "./run.ts";
import { FIRST_NODE, type Switch, subnetAddress } from "./switch.ts";

/** What has been promised to a lab: its subnet and its nodes' addresses. What runs is seen from the namespaces, not from here. */
export type LabRecord = Switch & { nodes: { name: string; host: number }[] };

const recordFile = (lab: string) => join(labDir(lab), "lab.json");

export async function readRecord(lab: string): Promise<LabRecord | undefined> {
  const file = Bun.file(recordFile(lab));
  return (await file.exists()) ? file.json() : undefined;
}

/** The lab's record, made or extended so that it holds these nodes. */
export async function claimRecord(lab: string, nodeNames: readonly string[]): Promise<LabRecord> {
  return withLock(join(runDir, "numbers.lock"), async () => {
    const record = (await readRecord(lab)) ?? { lab, number: await freeNumber(), nodes: [] };
    for (const name of nodeNames) {
      if (record.nodes.some((node) => node.name === name)) continue;
      const host = Math.max(FIRST_NODE - 1, ...record.nodes.map((node) => node.host)) + 1;
      if (host > 254) throw new LabError(`lab ${lab} has no address left for node ${name}`);
      record.nodes.push({ name, host });
    }
    await mkdir(labDir(lab), { recursive: true });
    await Bun.write(`${recordFile(lab)}.new`, JSON.stringify(record, null, 2));
    await rename(`${recordFile(lab)}.new`, recordFile(lab));
    return record;
  });
}

export async function dropRecord(lab: string): Promise<void> {
  await rm(labDir(lab), { recursive: true, force: true });
}

export async function listLabs(): Promise<string[]> {
  const names = await readdir(runDir).catch(() => []);
  const records = await Promise.all(names.map(readRecord));
  return records.flatMap((record) => record?.lab ?? []).sort();
}

async function freeNumber(): Promise<number> {
  const labs = await Promise.all((await listLabs()).map(readRecord));
  const addresses = Object.values(networkInterfaces()).flatMap(
    (own) => own?.map(({ address }) => address) ?? [],
  );
  const isTaken = (number: number) =>
    labs.some((lab) => lab?.number === number) ||
    addresses.some((address) => address.startsWith(subnetAddress(number, 0).slice(0, -1)));
  for (let number = 1; number < 255; number++) if (!isTaken(number)) return number;
  throw new LabError("all subnets from 10.77.1.0/24 to 10.77.254.0/24 are taken");
}
