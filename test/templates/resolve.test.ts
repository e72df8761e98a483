import { describe, expect, test } from "bun:test";
import type { TemplateVersion } from "../../src/state/templates.ts";
import type { NodeTemplate } from "../../src/storage/storage.ts";
import { resolveTemplate } from "../../src/templates/resolve.ts";
import { knownVersions } from "../../src/templates/versions.ts";
import { nodeConfig, scriptedCluster } from "../scripted-cluster.ts";

const digest = (start: string) => start.padEnd(64, "0");

function version(name: string, start: string, day: number, more: Partial<TemplateVersion> = {}) {
  const addedAt = `2026-01-0${day}T00:00:00.000Z`;
  return {
    name,
    digest: digest(start),
    source: `http://host/${start}`,
    addedAt,
    trust: "given",
    ...more,
  } as const;
}

function onNode(name: string, ...templates: [name: string, start: string][]) {
  const labelled: NodeTemplate[] = templates.map(([label, start]) => ({
    name: label,
    digest: digest(start),
    virtualBytes: 1024,
  }));
  return {
    node: nodeConfig(name),
    storage: { totalBytes: 0, freeBytes: 0, disks: [], unfinished: [], templates: labelled },
  };
}

function resolver(records: readonly TemplateVersion[], ...nodes: ReturnType<typeof onNode>[]) {
  const cluster = scriptedCluster([]);
  for (const record of records) cluster.state.templates.put(record);
  return (wanted: string) => resolveTemplate(cluster, wanted, nodes);
}

const old = version("debian-12", "aaaa1111", 1, { release: "20260101" });
const newest = version("debian-12", "aaaa2222", 2, {
  release: "20260102",
  firmware: "uefi",
  minDiskBytes: 5,
});
const tiny = version("tiny", "aaaa33334444", 3);
const deadbeef = version("deadbeef", "bbbb", 3);

describe("a template's name", () => {
  const resolve = resolver(
    [newest, old, tiny, deadbeef],
    onNode("n1", ["debian-12", "aaaa2222"], ["theirs", "cccc"]),
  );

  test.each([
    ["debian-12", "aaaa2222", true],
    ["debian-12@aaaa2", "aaaa2222", true],
    ["debian-12@AAAA1111", "aaaa1111", false],
    ["aaaa1111", "aaaa1111", false],
    ["aaaa33334", "aaaa33334444", true],
    ["deadbeef", "bbbb", true],
    ["theirs", "cccc", true],
    ["theirs@cccc", "cccc", true],
  ])("%s means %s", (wanted, start, isNewest) => {
    expect(resolve(wanted)).toMatchObject({ digest: digest(start), isNewest });
  });

  test("brings what a node must know to make use of it", () => {
    expect(resolve("debian-12")).toEqual({
      name: "debian-12",
      digest: digest("aaaa2222"),
      source: "http://host/aaaa2222",
      virtualBytes: 1024,
      imageBytes: undefined,
      firmware: "uefi",
      minDiskBytes: 5,
      isNewest: true,
    });
  });

  test.each([
    ["debian-13", "not-found", 'there is no template "debian-13"', "Did you mean debian-12?"],
    [
      "zzz",
      "not-found",
      'there is no template "zzz"',
      "See waifuctl template list, or add it: waifuctl template add NAME [URL]",
    ],
    [
      "debian-12@ffff",
      "not-found",
      "debian-12 has no version ffff",
      "Say which: debian-12@aaaa2222 (20260102, newest), debian-12@aaaa1111 (20260101)",
    ],
    [
      "debian-12@aaaa",
      "usage",
      "debian-12@aaaa can mean 2 versions",
      "Say which: debian-12@aaaa2222 (20260102, newest), debian-12@aaaa1111 (20260101)",
    ],
    [
      "debian-12@aaa",
      "usage",
      '"aaa" is no version',
      "Write 4 or more hexadecimal digits of its digest; waifuctl template show debian-12 lists them.",
    ],
    ["tiny@bbbb", "not-found", "tiny has no version bbbb", "Say which: tiny@aaaa3333 (newest)"],
    [
      "debain-12@aaaa1111",
      "not-found",
      'there is no template "debain-12@aaaa1111"',
      "Did you mean debian-12?",
    ],
    ["aaaa11", "not-found", 'there is no template "aaaa11"', expect.any(String)],
  ])("%s is refused: %s", (wanted, code, message, hint) => {
    expect(() => resolve(wanted)).toThrow(expect.objectContaining({ code, message, hint }));
  });
});

describe("a digest prefix", () => {
  test("that two versions share is refused, and the hint tells them apart", () => {
    const resolve = resolver([version("a", "12345678aa", 1), version("b", "12345678bb", 1)]);
    expect(() => resolve("12345678")).toThrow(
      expect.objectContaining({
        code: "usage",
        hint: "Say which: a@12345678aa00 (newest), b@12345678bb00 (newest)",
      }),
    );
  });

  test("of one version with two names is that version", () => {
    const resolve = resolver([version("a", "12345678", 1), version("b", "12345678", 1)]);
    expect(resolve("12345678").digest).toBe(digest("12345678"));
  });
});

describe("what only nodes know", () => {
  test("in several versions has no newest", () => {
    const resolve = resolver([], onNode("n1", ["debian-12", "aaaa"]), onNode("n2", ["debian-12", "bbbb"]));
    expect(() => resolve("debian-12")).toThrow(
      expect.objectContaining({
        code: "usage",
        message: "it is not known here which version of debian-12 is the newest",
        hint: "Say which: debian-12@aaaa0000, debian-12@bbbb0000",
      }),
    );
    expect(resolve("debian-12@bbbb")).toMatchObject({ source: undefined, isNewest: false });
  });

  test("goes by the name that was given here, if one was", () => {
    const resolve = resolver([version("mine", "aaaa", 1)], onNode("n1", ["theirs", "aaaa"]));
    expect(resolve("mine").virtualBytes).toBe(1024);
    expect(() => resolve("theirs")).toThrow(expect.objectContaining({ code: "not-found" }));
  });
});

test("two operators who add the same name at once each get their own bytes, and see the other's", () => {
  const mine = version("debian-12", "aaaa", 1);
  const theirs = version("debian-12", "bbbb", 1);
  const nodes = [onNode("n1", ["debian-12", "aaaa"]), onNode("n2", ["debian-12", "bbbb"])];
  const listed = (record: TemplateVersion) =>
    knownVersions(
      [record],
      nodes.map(({ node, storage }) => ({ node: node.name, templates: storage.templates })),
    ).map(({ digest, isNewest, copies }) => [digest.slice(0, 4), isNewest, copies.map(({ node }) => node)]);
  expect(listed(mine)).toEqual([
    ["aaaa", true, ["n1"]],
    ["bbbb", false, ["n2"]],
  ]);
  expect(listed(theirs)).toEqual([
    ["bbbb", true, ["n2"]],
    ["aaaa", false, ["n1"]],
  ]);
  expect(resolver([mine], ...nodes)("debian-12").digest).toBe(mine.digest);
  expect(resolver([theirs], ...nodes)("debian-12").digest).toBe(theirs.digest);
  expect(resolver([mine], ...nodes)("debian-12@bbbb")).toMatchObject({
    digest: theirs.digest,
    isNewest: false,
  });
});
