import { expect, test } from "bun:test";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { knownEntryKeys, parseCatalog } from "../../src/config/catalog-file.ts";
import { loadCatalog } from "../../src/config/load-catalog.ts";
import { WaifuError } from "../../src/errors.ts";
import embeddedText from "../../templates/catalog.toml" with { type: "text" };

const entry = {
  title: "An OS",
  start: "https://example.org/os/",
  file: "os-(\\d+)\\.qcow2",
  format: "qcow2",
  user: "root",
  firmware: "bios",
  disk: "2G",
  seed: "cidata",
};

/** One entry, a line for each key: the header is line 1, `changes` follow in place. */
function textOf(changes: Readonly<Record<string, unknown>> = {}, name = "os"): string {
  const keys = Object.entries({ ...entry, ...changes }).filter(([, value]) => value !== undefined);
  return [`["${name}"]`, ...keys.map(([key, value]) => `${key} = ${JSON.stringify(value)}`)].join("\n");
}

function refusal(text: string): WaifuError {
  try {
    parseCatalog(text, "/c.toml");
  } catch (error) {
    if (error instanceof WaifuError) return error;
    throw error;
  }
  throw new Error("the text was accepted");
}

test("every key reaches the entry", () => {
  const text = textOf({ descend: ["v\\d+/"], index: "amd64/SUMS", base: "https://example.org/{release}/" });
  expect(parseCatalog(text, "/c.toml").get("os")).toEqual({
    kind: "published",
    name: "os",
    title: "An OS",
    source: {
      start: "https://example.org/os/",
      descend: ["v\\d+/"],
      index: "amd64/SUMS",
      file: "os-(\\d+)\\.qcow2",
      base: "https://example.org/{release}/",
    },
    format: "qcow2",
    user: "root",
    firmware: "bios",
    diskBytes: 2 * 1024 ** 3,
    seed: "cidata",
  });
});

test("an entry may say that there is nothing", () => {
  const text = '[os]\ntitle = "An OS"\nunpublished = "there is none"\nhint = "build one"';
  expect(parseCatalog(text, "/c.toml").get("os")).toEqual({
    kind: "unpublished",
    name: "os",
    title: "An OS",
    reason: "there is none",
    hint: "build one",
  });
});

test.each<[changes: Readonly<Record<string, unknown>>, complaint: string]>([
  [{ title: undefined }, "1: os.title is missing"],
  [{ start: "ftp://example.org/" }, "3: os.start must be an http:// or https:// URL"],
  [{ start: "https://example.org" }, "3: os.start must be an http:// or https:// URL"],
  [{ file: "os-(" }, "4: os.file must be a regular expression"],
  [{ file: "" }, "4: os.file must be a regular expression"],
  [{ format: "vmdk" }, expect.stringMatching(/:5: os.format must be "qcow2" or .*, not "vmdk"$/)],
  [{ user: "a b" }, "6: os.user must be a login name"],
  [{ firmware: "efi" }, '7: os.firmware must be "bios" or "uefi", not "efi"'],
  [{ disk: "2 gigs" }, '8: os.disk "2 gigs" is not a size'],
  [{ disk: 2 }, '8: os.disk must be a size in quotes, like "2G"'],
  [{ seed: "floppy" }, '9: os.seed must be "cidata" or "http", not "floppy"'],
  [{ index: "/SUMS" }, "10: os.index must be a path below the last folder, like amd64/CHECKSUM"],
  [
    { index: "https://evil.example/" },
    "10: os.index must be a path below the last folder, like amd64/CHECKSUM",
  ],
  [
    { base: "https://{release}/" },
    "10: os.base must be an http:// or https:// URL; {release} may stand in its path",
  ],
  [
    { base: "https://a.{release}.org/x" },
    "10: os.base must be an http:// or https:// URL; {release} may stand in its path",
  ],
  [
    { base: "https://a.org/{version}/" },
    "10: os.base must be an http:// or https:// URL; {release} may stand in its path",
  ],
  [{ descend: "v1/" }, '10: os.descend must be a list, not "v1/"'],
  [{ descend: ["v1/", "("] }, "10: os.descend must be a regular expression"],
  [{ urser: "root" }, "10: os.urser is not a key that waifuctl knows"],
])("%j is refused", (changes, complaint) => {
  const error = refusal(textOf(changes));
  expect(error.code).toBe("config");
  expect(error.message).toEqual(typeof complaint === "string" ? `/c.toml:${complaint}` : complaint);
});

test("a mistake comes with what mends it", () => {
  expect(refusal(textOf({ urser: "root" })).hint).toBe("Did you mean user?");
  expect(refusal(textOf({ disk: "2 gigs" })).hint).toBe("Write a number and a unit, like 512M, 2G or 1.5T.");
});

test("an entry is published or not", () => {
  const text = '[os]\ntitle = "An OS"\nunpublished = "none"\nhint = "build one"\nuser = "root"';
  expect(refusal(text)).toMatchObject({
    message: "/c.toml:5: os.user is not a key that waifuctl knows",
    hint: "Known here: title, unpublished, hint.",
  });
});

test("a name must be one that templates can have", () => {
  expect(refusal(textOf({}, "Debian 12")).message).toBe("/c.toml:1: Debian 12 can't be a template's name");
});

test.each([
  ["os = 3", "/c.toml:1: os must be a table, not 3"],
  ["[os]\ntitle = 'a", "/c.toml:2: "],
  [`${textOf()}\n${textOf()}`, "/c.toml:10: "],
])("%j is refused with its line", (text, start) => {
  expect(refusal(text).message).toStartWith(start);
});

test("all mistakes are told at once", () => {
  const error = refusal(`${textOf({ user: 3 })}\n${textOf({ disk: "0G" }, "other")}`);
  expect(`${error.message}\n${error.hint}`).toMatchInlineSnapshot(`
    "2 mistakes in the catalog:
    /c.toml:6: os.user must be text in quotes, not 3
    /c.toml:17: other.disk "0G" is nothing. Write a number and a unit, like 512M, 2G or 1.5T.
    The templates/catalog.toml in waifuctl's repository explains every key."
  `);
});

test.each(knownEntryKeys)("the embedded catalog shows the key %s", (key) => {
  expect(embeddedText).toMatch(new RegExp(`^${key} = `, "m"));
});

test("the operator's own catalog wins by name", async () => {
  const path = join(await mkdtemp(join(tmpdir(), "waifu-catalog-")), "own.toml");
  await writeFile(path, `${textOf({ title: "Mine" }, "debian-12")}\n${textOf({}, "os")}`);
  const [embedded, merged] = await Promise.all([loadCatalog(undefined), loadCatalog(path)]);
  expect(merged.get("debian-12")?.title).toBe("Mine");
  expect(merged.get("debian-13")).toEqual(embedded.get("debian-13"));
  expect(merged.size).toBe(embedded.size + 1);
});

test("a catalog that is named but not there is a mistake", async () => {
  await expect(loadCatalog("/nowhere/own.toml")).rejects.toMatchObject({
    code: "config",
    message: "There is no catalog /nowhere/own.toml",
  });
  await expect(loadCatalog("/")).rejects.toMatchObject({
    code: "config",
    message: "Can't read the catalog /: EISDIR",
  });
});
