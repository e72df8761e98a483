import { afterAll, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Callers } from "../../../src/metadata/server/callers.ts";
import { type ArpRow, arpTable } from "./samples.ts";

const folder = mkdtempSync(join(tmpdir(), "waifuctl-callers-"));
const arpFile = join(folder, "arp");
const leaseFile = join(folder, "virbr0.status");
const [mac, other] = ["52:54:00:aa:bb:01", "52:54:00:aa:bb:02"];
let nowMs: number;
let callers: Callers;

beforeEach(() => {
  nowMs = 1_800_000_000_000;
  callers = new Callers({ arpFile, leaseFolder: folder }, () => nowMs);
  writeFileSync(leaseFile, "");
});

afterAll(() => rmSync(folder, { recursive: true }));

/** A lease as libvirt 9.0.0 writes it. */
const lease = (address: string, owner: string, secondsLeft = 3600) => ({
  "ip-address": address,
  "mac-address": owner,
  hostname: "guest",
  "client-id": "ff:00",
  "expiry-time": nowMs / 1000 + secondsLeft,
});

test.each<[string, ArpRow[], () => unknown, string | undefined]>([
  ["a neighbour, no lease", [["10.0.0.5", mac]], () => [], mac],
  [
    "in capital letters",
    [["10.0.0.5", mac.toUpperCase()]],
    () => [lease("10.0.0.5", mac.toUpperCase())],
    mac,
  ],
  ["no neighbour", [["10.0.0.50", mac]], () => [lease("10.0.0.5", mac)], undefined],
  ["one that never answered", [["10.0.0.5", mac, "0x0"]], () => [], undefined],
  ["the lease says another", [["10.0.0.5", other]], () => [lease("10.0.0.5", mac)], undefined],
  ["a lease that is over", [["10.0.0.5", other]], () => [lease("10.0.0.5", mac, -1)], other],
  [
    "a lease for ever",
    [["10.0.0.5", other]],
    () => [{ ...lease("10.0.0.5", mac), "expiry-time": 0 }],
    undefined,
  ],
  [
    "two bridges, no lease",
    [
      ["10.0.0.5", mac],
      ["10.0.0.5", other, "0x2", "virbr1"],
    ],
    () => [],
    undefined,
  ],
  [
    "two bridges, one lease",
    [
      ["10.0.0.5", other, "0x2", "virbr1"],
      ["10.0.0.5", mac],
    ],
    () => [lease("10.0.0.5", mac)],
    mac,
  ],
  ["leases that are none", [["10.0.0.5", mac]], () => [null, 3, {}], mac],
  ["no array", [["10.0.0.5", mac]], () => ({}), mac],
])("%s", (_, rows, leases, expected) => {
  writeFileSync(arpFile, arpTable(...rows));
  writeFileSync(leaseFile, JSON.stringify(leases()));
  expect(callers.macOf("10.0.0.5")).toBe(expected);
});

test("files that are missing or broken know nobody, or say nothing", () => {
  writeFileSync(leaseFile, '[{"ip-');
  writeFileSync(arpFile, arpTable(["10.0.0.5", mac]));
  expect(callers.macOf("10.0.0.5")).toBe(mac);
  const nowhere = new Callers({ arpFile: join(folder, "none"), leaseFolder: join(folder, "none") });
  expect(nowhere.macOf("10.0.0.5")).toBeUndefined();
});

test("what was read holds for a second, or until a refresh, even when the clock is set back", () => {
  writeFileSync(arpFile, arpTable(["10.0.0.5", mac]));
  expect(callers.macOf("10.0.0.5")).toBe(mac);
  writeFileSync(arpFile, arpTable(["10.0.0.5", other]));
  nowMs += 1000;
  expect(callers.macOf("10.0.0.5")).toBe(mac);
  callers.refresh();
  expect(callers.macOf("10.0.0.5")).toBe(other);
  writeFileSync(arpFile, arpTable());
  nowMs -= 3_600_000;
  expect(callers.macOf("10.0.0.5")).toBeUndefined();
});
