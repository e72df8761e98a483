import { yaml } from "./cloud-config.ts";
import type { FatFile } from "./fat-image.ts";
import type { SeedHistory } from "./seed-history.ts";
import { hashToken, instanceIdOf, type SeedRecord } from "./seed-record.ts";
import type { SeedRequest } from "./seed-request.ts";
import { renderVendorData } from "./vendor-data.ts";

/** What cloud-init reads, whatever carries it to the guest. */
export type Seed = {
  readonly instanceId: string;
  readonly hostname: string;
  readonly userData: string;
  readonly vendorData: string;
  /** Absent: DHCP on the first interface. */
  readonly networkConfig?: string;
};

export function renderSeed(request: SeedRequest): Seed {
  const { hostname, userData, networkConfig } = request;
  const instanceId = instanceIdOf(request);
  return { instanceId, hostname, userData, vendorData: renderVendorData(request), networkConfig };
}

/** The newest generation of a seed that was kept. */
export function renderCurrent({ current, earlier: _, ...request }: SeedHistory): Seed {
  return renderSeed({ ...request, generation: current.generation, userData: current.userData });
}

/** The files of a NoCloud seed, by the names under which cloud-init asks for them. */
export function seedFiles(seed: Seed): FatFile[] {
  const metaData = yaml({ "instance-id": seed.instanceId, "local-hostname": seed.hostname });
  const files = [
    { name: "meta-data", text: metaData },
    { name: "user-data", text: seed.userData },
    { name: "vendor-data", text: seed.vendorData },
    ...(seed.networkConfig === undefined ? [] : [{ name: "network-config", text: seed.networkConfig }]),
  ];
  return files.map(({ name, text }) => ({ name, bytes: new TextEncoder().encode(text) }));
}

/** What the node's metadata service is told of a guest; `token` is the guest's own, and only its hash goes there. */
export function seedRecord(history: SeedHistory, token: string, mac: string): SeedRecord {
  return {
    uuid: history.uuid,
    name: history.hostname,
    generation: history.current.generation,
    tokenHash: hashToken(token),
    mac,
    publicKeys: history.sshKeys,
    files: Object.fromEntries(seedFiles(renderCurrent(history)).map(({ name, bytes }) => [name, bytes])),
  };
}
