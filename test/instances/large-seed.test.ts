import { afterAll, expect, test } from "bun:test";
import { join } from "node:path";
import { type Command, repeatable } from "../../src/command.ts";
import { writeSeed } from "../../src/instances/seed-plan.ts";
import { addGeneration, parseHistory, type SeedHistory } from "../../src/metadata/seed-history.ts";
import { redisSocket } from "../../src/metadata/service-paths.ts";
import { mostUserDataBytes } from "../../src/metadata/user-data-text.ts";
import { connectNode } from "../../src/ssh/connect-node.ts";
import { nodeFolder, seedHistoryPath, seedPath } from "../../src/storage/node-files.ts";
import { macOf, tokenOf } from "../metadata/server/samples.ts";
import { Served } from "../metadata/server/served.ts";
import { openWorkshop, startSshd } from "../ssh/sshd.ts";

const workshop = openWorkshop();
const sshd = await startSshd(workshop);
const served = await Served.open();
await served.startRedis();
await served.startService();
await served.log.until("Redis is there");
const runner = await connectNode(workshop.dialer(), { name: "alpha", ssh: sshd.target });
afterAll(async () => {
  await runner.close();
  await served.close();
  await sshd.stop();
  workshop.remove();
});

/** As much as there may be, with Windows' line ends. */
function largest(mark: string): string {
  const head = "#cloud-config\r\n# grüße\r\nwrite_files:\r\n  - path: /x\r\n    content: |\r\n";
  const line = `      ${mark.repeat(40)}\r\n`;
  const room = mostUserDataBytes - Buffer.byteLength(head);
  return (head + line.repeat(Math.ceil(room / line.length))).slice(0, mostUserDataBytes - 2);
}

const digest = (bytes: string | Uint8Array) => new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
const [older, newer] = [largest("ab"), largest("xy")];
const uuid = "00000000-0000-4000-8000-000000000001";
const made = { createdAt: "2026-01-02T03:04:05.000Z", createdBy: "mai@home" };
const first: SeedHistory = {
  uuid,
  hostname: "guest-1",
  sshKeys: [],
  token: tokenOf("A"),
  current: { ...made, generation: 1, userData: older },
  earlier: [],
};
const edited = addGeneration(first, { ...made, userData: newer });

/** What the node keeps in fixed places lies in folders of these tests. */
const folder = join(workshop.folder, "node");
function move({ argv: [program, ...args], ...rest }: Command): Command {
  const moved = args.map((word) =>
    word.replace(redisSocket, served.redis.socket).replace(nodeFolder, folder),
  );
  return { ...rest, argv: [program, ...moved] };
}

async function write(history: SeedHistory): Promise<number[]> {
  const commands = writeSeed({ uuid, mac: macOf(1) }, history).map(move);
  // It would be in the process list there, and Linux takes no word of more than 128 KiB.
  expect(commands.flatMap(({ argv }) => argv).filter((word) => word.length > 1000)).toEqual([]);
  const exits: number[] = [];
  await runner.runStages([[commands]], ({ exitCode }) => exits.push(exitCode));
  return exits;
}

test("the samples are as large as user-data may be", () => {
  expect([older, newer].map((text) => Buffer.byteLength(text))).toEqual([
    mostUserDataBytes,
    mostUserDataBytes,
  ]);
});

test("16 MiB over HTTP: written over SSH, served byte for byte, from the copy too, and edited", async () => {
  expect(await write(first)).toEqual([0, 0]);
  await served.log.until("guest-1: generation 1");
  expect(digest((await served.userData())[1])).toBe(digest(older));
  expect(await write(edited)).toEqual([0, 0]);
  await served.log.until("guest-1: generation 2");
  expect(digest((await served.userData())[1])).toBe(digest(newer));
  await served.redis.kill();
  await served.stopService();
  await served.startService();
  expect(digest((await served.userData())[1])).toBe(digest(newer));
  await served.startRedis();
  await served.log.until("put the seed of guest-1 back");
  expect(digest((await served.userData())[1])).toBe(digest(newer));
}, 60_000);

test("16 MiB on a disk, and both generations in what the node keeps", async () => {
  expect(await write({ ...edited, token: undefined })).toEqual([0, 0]);
  const [, ...words] = move(repeatable(["mtype", "-i", seedPath(uuid), "::/user-data"])).argv;
  expect(digest(Bun.spawnSync(["mtype", ...words]).stdout)).toBe(digest(newer));
  const { stdout } = await runner.run(move(repeatable(["cat", seedHistoryPath(uuid)])));
  const kept = parseHistory(stdout);
  expect(digest(kept?.current.userData ?? "")).toBe(digest(newer));
  expect(digest(kept?.earlier[0]?.userData ?? "")).toBe(digest(older));
}, 60_000);
