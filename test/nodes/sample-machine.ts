import type { StorageConfig } from "../../src/config/cluster-config.ts";
import { listDomains } from "../../src/libvirt/domain-list.ts";
import { readNetwork } from "../../src/libvirt/network.ts";
import { lookAround } from "../../src/nodes/discover.ts";
import { readFacts } from "../../src/nodes/facts.ts";
import type { Runner } from "../../src/ssh/runner.ts";
import { storageOf } from "../../src/storage/storage-of.ts";
import { type Answer, scriptedMachine } from "./scripted-machine.ts";

const uri = "qemu:///system";

export type Sample = {
  /** Lines of lookAround. */
  look?: string;
  domains?: Answer;
  storage?: readonly [StorageConfig, Answer];
  network?: readonly [name: string, Answer];
};

/** A whole node, Debian 12 with libvirt 9.0.0: a folder, the network `default`; a part may be replaced. */
export function sampleMachine(name: string, sample: Sample = {}): Runner {
  const [storage, inventory] = sample.storage ?? [
    { kind: "dir", path: "/var/lib/waifu" },
    "1B-blocks Avail\n100 60\n",
  ];
  const [network, definition] = sample.network ?? [
    "default",
    "active\n<network><name>default</name></network>\n--\n[]",
  ];
  return scriptedMachine(name, [
    [readFacts(), "6.1.0-25-amd64 x86_64\n4\n16303912\n12003912\nkvm\n"],
    [lookAround(uri), sample.look ?? "right root\nnetwork default\nbridge virbr0\n"],
    [listDomains(uri), sample.domains ?? ""],
    [storageOf(storage).inventory(), inventory],
    [readNetwork(uri, network), definition],
  ]);
}
