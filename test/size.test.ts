import { expect, test } from "bun:test";
import { WaifuError } from "../src/errors.ts";
import { exactSize, formatSize, parseSize } from "../src/size.ts";

const KiB = 1024;
const MiB = 1024 * KiB;
const GiB = 1024 * MiB;
const TiB = 1024 * GiB;

test.each([
  ["1K", KiB],
  ["512M", 512 * MiB],
  ["512MiB", 512 * MiB],
  ["512 MiB", 512 * MiB],
  ["2G", 2 * GiB],
  ["2g", 2 * GiB],
  [" 2G ", 2 * GiB],
  ["1.5T", 1.5 * TiB],
  ["0.5G", GiB / 2],
  ["1.000M", MiB],
  ["10GB", 10e9],
  ["10gb", 10e9],
  ["1.5KB", 1500],
  ["4096B", 4096],
  ["7P", 7 * KiB * TiB],
])("%j is %d bytes", (text, bytes) => {
  expect(parseSize(text)).toBe(bytes);
});

test.each([
  ["2 gigs", "is not a size"],
  ["", "is not a size"],
  ["G", "is not a size"],
  ["512", "is not a size"],
  ["-1G", "is not a size"],
  ["+1G", "is not a size"],
  ["1,5G", "is not a size"],
  [".5G", "is not a size"],
  ["1e3M", "is not a size"],
  ["Infinity", "is not a size"],
  ["1G; reboot", "is not a size"],
  ["0", "is not a size"],
  ["0G", "is nothing"],
  ["0.0M", "is nothing"],
  ["0.5B", "is not a whole number of bytes"],
  ["0.0001K", "is not a whole number of bytes"],
  ["8P", "is more than any disk holds"],
  ["99999999999999999999T", "is more than any disk holds"],
])("%j is refused: %s", (text, why) => {
  expect(() => parseSize(text)).toThrow(
    new WaifuError("usage", `${JSON.stringify(text)} ${why}`, { hint: "" }),
  );
});

test("a refusal is a usage error, shows little of a long text, and says what to write", () => {
  try {
    parseSize("9".repeat(300));
    expect.unreachable();
  } catch (error) {
    expect(error).toMatchObject({ code: "usage", message: `"${"9".repeat(40)}…" is not a size` });
    expect(error).toHaveProperty("hint", "Write a number and a unit, like 512M, 2G or 1.5T.");
  }
});

test.each([
  [0, "0 B"],
  [1023, "1023 B"],
  [KiB, "1 KiB"],
  [1.5 * GiB, "1.5 GiB"],
  [1.25 * GiB, "1.3 GiB"],
  [512 * MiB, "512 MiB"],
  [GiB - 1, "1 GiB"],
  [10e9, "9.3 GiB"],
  [3 * TiB, "3 TiB"],
  [5000 * KiB * TiB, "5000 PiB"],
])("%d bytes are shown as %s", (bytes, text) => {
  expect(formatSize(bytes)).toBe(text);
});

test.each([
  [1, "1B"],
  [1023, "1023B"],
  [KiB, "1KiB"],
  [1.5 * GiB, "1536MiB"],
  [GiB + 1, "1073741825B"],
  [3 * TiB, "3TiB"],
  [4096 * TiB, "4PiB"],
])("%d bytes are exactly %s", (bytes, text) => {
  expect(exactSize(bytes)).toBe(text);
  expect(parseSize(text)).toBe(bytes);
});
