import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { NodeTable } from "../../src/config/node-table.ts";
import { WaifuError } from "../../src/errors.ts";
import { introduce, placeClusterFile, writeCluster } from "../../src/nodes/init.ts";
import { chooseFirst, type Setup } from "../../src/nodes/survey.ts";
import type { HostKeyOffer } from "../../src/nodes/trust.ts";
import { createRecordingReporter } from "../recording-reporter.ts";
import { openWorkshop, type Sshd, startSshd, type Workshop } from "../ssh/sshd.ts";
import { sampleMachine } from "./sample-machine.ts";

let workshop: Workshop;
let sshds: [Sshd, Sshd];
let folder: string;
let setup: Setup;

beforeAll(async () => {
  workshop = openWorkshop();
  sshds = [await startSshd(workshop), await startSshd(workshop)];
});
afterAll(async () => {
  for (const sshd of sshds) await sshd.stop();
  workshop.remove();
});

beforeEach(() => {
  folder = mkdtempSync(join(workshop.folder, "init-"));
  setup = {
    path: join(folder, "cluster.toml"),
    environment: { HOME: folder },
    dialer: workshop.dialer(),
    isProbing: true,
    reporter: createRecordingReporter(),
    connect: async ({ name }) => sampleMachine(name),
  };
});
afterEach(() => rmSync(folder, { recursive: true }));

const tableOf = (name: string, { port }: Sshd): NodeTable => ({ name, address: "127.0.0.1", port });
const both = () => [tableOf("a", sshds[0]), tableOf("b", sshds[1])];

test("unknown host keys are shown all at once, and pinned", async () => {
  const shown: (readonly HostKeyOffer[])[] = [];
  const trust = async (offers: readonly HostKeyOffer[]) => void shown.push(offers);
  const surveys = await introduce(setup, both(), { trust, choose: chooseFirst });
  expect(shown.map((offers) => offers.map(({ node }) => node))).toEqual([["a", "b"]]);
  expect(surveys.map(({ table }) => table.host_key)).toEqual(sshds.map(({ hostKey }) => hostKey));
  expect(surveys.flatMap(({ problems }) => problems)).toEqual([]);
});

test("a refusal ends it before anybody logs in", async () => {
  const refusal = new WaifuError("refused", "no");
  const trust = () => Promise.reject(refusal);
  const connect = () => Promise.reject(new Error("logged in"));
  await expect(introduce({ ...setup, connect }, both(), { trust, choose: chooseFirst })).rejects.toBe(
    refusal,
  );
});

test("a recorded key is pinned without a question, another one is not pinned", async () => {
  const known = ({ port }: Sshd, { hostKey }: Sshd) => `[127.0.0.1]:${port} ${hostKey}\n`;
  const [a, b] = sshds;
  await Bun.write(join(workshop.home, ".ssh", "known_hosts"), known(a, a) + known(b, a));
  const trust = () => Promise.reject(new Error("asked"));
  const surveys = await introduce({ ...setup, dialer: workshop.dialer() }, both(), {
    trust,
    choose: chooseFirst,
  });
  await Bun.write(join(workshop.home, ".ssh", "known_hosts"), "");
  expect(surveys.map(({ table }) => table.host_key)).toEqual([a.hostKey, undefined]);
});

test("two nodes of one name are refused", async () => {
  const trust = async () => {};
  const tables = [tableOf("a", sshds[0]), tableOf("a", sshds[1])];
  await expect(introduce(setup, tables, { trust, choose: chooseFirst })).rejects.toThrow(
    "two nodes are named a",
  );
});

test("without probing nobody is asked anything", async () => {
  const connect = () => Promise.reject(new Error("logged in"));
  const table: NodeTable = { name: "far", address: "192.0.2.1" };
  const trust = () => Promise.reject(new Error("asked"));
  const quiet = { ...setup, isProbing: false, connect };
  const [survey] = await introduce(quiet, [table], { trust, choose: chooseFirst });
  expect(survey?.table).toMatchObject({ ...table, host_key: undefined, network: "default" });
});

test("the file goes where it is named, else to WAIFU_CLUSTER, else to the person's own place", async () => {
  const place = (named: string | undefined, environment: Record<string, string>) =>
    placeClusterFile(named, { ...setup, environment: { HOME: folder, ...environment } }, false);
  expect(await place(join(folder, "a.toml"), { WAIFU_CLUSTER: "/b.toml" })).toBe(join(folder, "a.toml"));
  expect(await place(undefined, { WAIFU_CLUSTER: join(folder, "b.toml") })).toBe(join(folder, "b.toml"));
  expect(await place(undefined, {})).toBe(join(folder, ".config/waifuctl/cluster.toml"));
});

test("what is written names the template, and says whether it is found by itself", async () => {
  const surveys = [{ table: { name: "here", local: true }, problems: [] }];
  const named = { ...setup, environment: { HOME: folder, WAIFU_CLUSTER: setup.path } };
  expect(await writeCluster(named, surveys, "debian-12")).toEqual({ path: setup.path, isFound: true });
  expect(readFileSync(setup.path, "utf8")).toContain('\ntemplate = "debian-12"\n');
  expect(await writeCluster(setup, surveys, undefined)).toEqual({ path: setup.path, isFound: false });
});

test("a file that would not be read back is not written", async () => {
  const surveys = [{ table: { name: "no name", local: true }, problems: [] }];
  await expect(writeCluster(setup, surveys, undefined)).rejects.toMatchObject({ code: "config" });
  expect(await Bun.file(setup.path).exists()).toBe(false);
});
