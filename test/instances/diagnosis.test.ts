import { expect, test } from "bun:test";
import { diagnose } from "../../src/instances/diagnosis.ts";
import type { Evidence } from "../../src/instances/evidence.ts";

const healthy: Evidence = {
  domainState: "running (booted)",
  reserved: "192.168.122.2",
  lease: "192.168.122.2",
  agentAnswers: false,
  seedReads: 9,
  diskReads: 900,
  consoleTail: ["login:"],
};

test.each<[string, Partial<Evidence>, RegExp]>([
  ["gone", { domainState: "" }, /does not know the domain/],
  ["off", { domainState: "shut off (crashed)" }, /not running: shut off \(crashed\)/],
  ["panic", { consoleTail: ["[ 1.2] Kernel panic - not syncing: VFS"] }, /boot failed/],
  ["no boot loader", { diskReads: 0 }, /never read its disk/],
  ["still booting", { lease: undefined, seedReads: 0 }, /still booting/],
  ["network not up", { lease: undefined }, /asked for no address/],
  ["another address", { lease: "192.168.122.9" }, /has 192.168.122.9, not its reserved 192.168.122.2/],
  ["no cloud-init", { seedReads: 0 }, /may have no cloud-init/],
  ["no sshd", {}, /SSH server/],
])("%s", (_, change, cause) => {
  expect(diagnose("web", { ...healthy, ...change }).cause).toMatch(cause);
});
