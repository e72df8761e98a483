import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { type Refuse, refusalsOf } from "./refusals.ts";
import { subnetAddress } from "./switch.ts";
import { imagePath, type TemplateSite, templateSite } from "./template-site.ts";
import { tracesOf } from "./traces.ts";
import type { Fault } from "./web-tree.ts";

setDefaultTimeout(180_000);

const MiB = 1024 ** 2;
const someDigest = "ab".repeat(32);
const always = { atByte: 9 * MiB, times: Number.POSITIVE_INFINITY };

let site: TemplateSite;
let refuses: Refuse;

beforeAll(async () => {
  site = await templateSite();
  refuses = await refusalsOf(site.operator, site.nodes);
});

afterAll(() => site.leave());

const create = (template: string) => ["create", "new", "-t", template, "-n", "n1"];
const prepare = (template: string) => ["template", "add", template, "--node", "n1"];

describe("a server that does not give the image; nothing is kept", () => {
  const cases: readonly [what: string, fault: Fault, exitCode: number, ...says: string[]][] = [
    ["404", { kind: "status", status: 404 }, 7, "the server answers 404"],
    ["500", { kind: "status", status: 500 }, 7, "the server answers 500, each time"],
    ["a redirect loop", { kind: "loop" }, 7, "redirects from one address to the next"],
    ["a web page", { kind: "html" }, 4, "it is a web page"],
    ["fewer bytes than there are", { kind: "length", differsBy: -1000 }, 4, "its SHA-256 is"],
    ["half of it", { kind: "cut", ...always, hasRanges: false }, 7, `stopped at ${9 * MiB} of`],
  ];
  test.each(cases)("%s", async (what, fault, exitCode, ...says) => {
    const name = what.replaceAll(/[^a-z0-9]+/g, "-");
    await site.name(name, site.offer(name, fault));
    await refuses(create(name), exitCode, "n1", `/${name}`, "hint:", ...says);
    await site.forget(name);
  });

  test("other bytes than were promised: both digests are shown", async () => {
    await site.name("other", site.offer("other"), someDigest);
    await refuses(create("other"), 4, `its SHA-256 is ${site.image.digest}, not ${someDigest}`);
    await site.forget("other");
  });

  test("nobody there", async () => {
    const { lan } = site.nodes[0];
    await site.name("nobody", `http://${subnetAddress(lan.number, 250)}/image`);
    await refuses(create("nobody"), 7, "the server can't be reached");
    await site.forget("nobody");
  });
});

describe("a server that stops half-way", () => {
  test("is asked for the rest", async () => {
    await site.name("once", site.offer("once", { kind: "cut", ...always, times: 1, hasRanges: true }));
    expect(await site.operator.run(...prepare("once"))).toMatchObject({ exitCode: 0 });
    expect(site.tree.bytesSent("/once")).toBe(site.image.sizeBytes);
    await site.forget("once");
  });

  test("each time: it fails, and the next run has but the rest to fetch", async () => {
    const { digest, sizeBytes } = site.image;
    await site.name("often", site.offer("often", { kind: "cut", ...always, hasRanges: true }));
    const { stdout, stderr, exitCode } = await site.operator.run(...create("often"));
    expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 7 });
    expect(stderr).toContain(`stopped at ${9 * MiB} of ${sizeBytes} bytes`);
    const part = await site.nodes[0].exec(["stat", "-c", "%s", `${imagePath(digest)}.part`]);
    expect(part.stdout).toBe(`${9 * MiB}\n`);
    site.tree.behave("/often");
    expect(await site.operator.run(...prepare("often"))).toMatchObject({ exitCode: 0 });
    expect(site.tree.bytesSent("/often")).toBe(sizeBytes);
    await site.forget("often");
  });

  test("after all of it, where it promised more: the digest decides", async () => {
    await site.name("long", site.offer("long", { kind: "length", differsBy: 1000 }));
    expect(await site.operator.run(...prepare("long"))).toMatchObject({ exitCode: 0 });
    await site.forget("long");
  });
});

test.each(["SIGKILL", "SIGINT"] as const)(
  "%s while the image comes: the next run goes on from there, and nothing is left",
  async (signal) => {
    const before = await tracesOf(site.nodes);
    await site.name("ended", site.offer(signal, { kind: "stall", atByte: 12 * MiB }));
    const adding = site.operator.start(...prepare("ended"));
    await site.tree.stalled(`/${signal}`);
    // What was sent may be on its way yet.
    const part = ["stat", "-c", "%s", `${imagePath(site.image.digest)}.part`];
    while ((await site.nodes[0].exec(part)).stdout !== `${12 * MiB}\n`);
    adding.kill(signal);
    expect(await adding.ended).toMatchObject({ exitCode: signal === "SIGINT" ? 130 : 137 });
    site.tree.behave(`/${signal}`);
    expect(await site.operator.run(...prepare("ended"))).toMatchObject({ exitCode: 0 });
    expect(site.tree.bytesSent(`/${signal}`)).toBe(site.image.sizeBytes);
    await site.forget("ended");
    expect(await tracesOf(site.nodes)).toEqual(before);
  },
);
