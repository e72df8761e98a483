import { expect, test } from "bun:test";
import { WaifuError } from "../../src/errors.ts";
import { wantsColor } from "../../src/terminal/ansi.ts";
import { formatDuration } from "../../src/terminal/duration.ts";
import { renderError } from "../../src/terminal/error-text.ts";
import { renderErrorJson, renderJson } from "../../src/terminal/json.ts";

test.each([
  [-5, "0s"],
  [999, "0s"],
  [59_999, "59s"],
  [60_000, "1m"],
  [3_599_999, "59m"],
  [3_600_000, "1h"],
  [86_400_000 - 1, "23h"],
  [86_400_000, "1d"],
  [364 * 86_400_000, "364d"],
  [365 * 86_400_000, "1y"],
])("%d ms is %p", (milliseconds, text) => {
  expect(formatDuration(milliseconds)).toBe(text);
});

test.each<[Record<string, string>, isTTY: boolean, hasColor: boolean]>([
  [{}, true, true],
  [{}, false, false],
  [{ NO_COLOR: "1" }, true, false],
  [{ NO_COLOR: "" }, true, true],
  [{ NO_COLOR: "1", FORCE_COLOR: "1" }, true, false],
  [{ FORCE_COLOR: "1" }, false, true],
  [{ FORCE_COLOR: "0" }, true, false],
  [{ TERM: "dumb" }, true, false],
])("%p on a terminal: %p, colour: %p", (env, isTTY, hasColor) => {
  expect(wantsColor(env, () => isTTY)).toBe(hasColor);
});

test("an error in colour", () => {
  const error = new WaifuError("locked", "alpha is busy", { hint: "Wait." });
  expect(renderError(error, { hasColor: true })).toBe("\x1b[31merror:\x1b[39m alpha is busy\nhint: Wait.\n");
});

test("JSON: an answer over many lines, an error on one", () => {
  expect(renderJson([{ name: "a" }])).toBe('[\n  {\n    "name": "a"\n  }\n]\n');
  const error = new WaifuError("locked", "line\nline", { node: "alpha" });
  expect(renderErrorJson(error)).toBe('{"code":"locked","message":"line\\nline","node":"alpha"}\n');
});
