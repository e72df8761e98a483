import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { imageNames } from "../lab/images.ts";
import { withLock } from "../lab/lock.ts";
import { runDir } from "../lab/paths.ts";
import { measureCreate } from "./create.ts";
import { measureList } from "./list.ts";
import { measureMetadata } from "./metadata.ts";
import { measureReconcile } from "./reconcile.ts";
import { type JudgedTally, judge, judgeTally, renderVerdicts, type Tally, type Verdict } from "./report.ts";
import { closeSites, openSite, type Site, type StorageKind } from "./site.ts";
import { compile, measureStartUp } from "./start-up.ts";
import { measureTemplates } from "./templates.ts";
import type { Comparison } from "./timing.ts";

const usage = `How long waifuctl takes, and how many times as long as the same work done by hand.

npm run bench [-- all]             everything, on a node with dir storage and then (shown, not judged) on the emulated one with ZFS
npm run bench -- start-up | metadata | reconcile | create | list | templates [--zfs]

  --zfs         create, list and templates on a ZFS node
  --image NAME  create that one only: ${imageNames.join(" or ")}
  --rounds N    of create and templates; 10 on dir storage, 3 on ZFS, unless told
  --json        the figures as JSON

It measures $WAIFUCTL, or what it compiles from this source.
`;
const subjects = ["all", "start-up", "metadata", "reconcile", "create", "list", "templates"] as const;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    zfs: { type: "boolean", default: false },
    image: { type: "string" },
    rounds: { type: "string" },
    json: { type: "boolean", default: false },
  },
});
const subject = subjects.find((known) => known === (positionals[0] ?? "all"));
const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
const images = imageNames.filter((name) => name === (values.image ?? name));
if (subject === undefined || images.length === 0 || (rounds !== undefined && !(rounds >= 1))) {
  process.stderr.write(usage);
  process.exit(2);
}
const does = (one: typeof subject) => subject === "all" || subject === one;
const storageOf = (isZfs: boolean): StorageKind => (isZfs ? "zfs" : "dir");
const storages = subject === "all" && !values.zfs ? (["dir", "zfs"] as const) : [storageOf(values.zfs)];

const folder = await mkdtemp(join(tmpdir(), "waifu-bench-"));
// What operators keep and tests compile goes there too, and with it.
process.env.TMPDIR = folder;
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.once(signal, () => {
    console.error(`bench: ended by ${signal}`);
    void leave().finally(() => process.exit(130));
  });
// Two at once would measure each other, and have one lab between them.
await withLock(join(runDir, "bench-run.lock"), async () => {
  const verdicts: Verdict[] = [];
  const tallies: JudgedTally[] = [];
  try {
    for await (const measured of measure()) {
      if ("oursBytes" in measured) tallies.push(judgeTally(measured));
      else verdicts.push(judge(measured));
    }
  } finally {
    const json = `${JSON.stringify([...verdicts, ...tallies], null, 2)}\n`;
    process.stdout.write(values.json ? json : renderVerdicts(verdicts, tallies));
    await leave();
  }
});

async function leave(): Promise<void> {
  await closeSites();
  // A waifuctl that was cut short may be writing there yet.
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}

async function* measureSite(site: Site, binary: string): AsyncGenerator<Comparison | Tally> {
  const times = rounds ?? (site.storage === "dir" ? 10 : 3);
  if (does("list")) yield* measureList(site, binary);
  if (does("create")) yield* measureCreate(site, binary, images, times);
  if (does("templates")) yield* measureTemplates(site, binary, times);
}

async function* measure(): AsyncGenerator<Comparison | Tally> {
  const binary = process.env.WAIFUCTL ?? join(folder, "waifuctl");
  if (process.env.WAIFUCTL === undefined) await compile("src/main.ts", binary);
  // The lab's operator is to use the same one.
  process.env.WAIFUCTL = binary;
  if (does("start-up")) yield* measureStartUp(binary, folder);
  if (does("metadata")) yield* measureMetadata(binary, folder);
  if (does("reconcile")) yield* measureReconcile(binary);
  const onNode = ["create", "list", "templates"] as const;
  for (const storage of onNode.some(does) ? storages : []) {
    const site = await openSite(storage, [
      "tiny",
      ...(does("create") ? images : []),
      ...(does("templates") ? (["debian-12"] as const) : []),
    ]);
    // Without KVM every process on the ZFS node takes a tenth of a second to start: no node is like that. Bytes count there too.
    for await (const measured of measureSite(site, binary))
      yield storage === "zfs" && "ours" in measured ? { ...measured, limit: undefined } : measured;
  }
}
