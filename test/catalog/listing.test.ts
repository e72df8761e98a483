import { expect, test } from "bun:test";
import { newestLink } from "../../src/catalog/listing.ts";
import { WaifuError } from "../../src/errors.ts";
import { captured } from "./captured.ts";

const page = new URL("https://example.org/pub/os/");

test("a real listing", () => {
  const main = new URL("https://dl-cdn.alpinelinux.org/alpine/v3.14/main/");
  expect(newestLink(captured("alpine/v3.14-main.html"), main, "arm(hf|v\\d+)/").href).toBe(
    `${main.href}armv7/`,
  );
});

test.each<[name: string, html: string, pattern: string, url: string]>([
  [
    "the newest, not the last",
    '<a href="v9.10/"><a href="v9.9/">',
    "v[\\d.]+/",
    "https://example.org/pub/os/v9.10/",
  ],
  [
    "whole names only",
    '<a href="v1/"><a href="v2/beta/"><a href="v3-rc/">',
    "v\\d+/",
    "https://example.org/pub/os/v1/",
  ],
  [
    "a file, not its signature",
    '<a href="a-1.SUM"><a href="a-2.SUM.asc">',
    "a-\\d+\\.SUM",
    "https://example.org/pub/os/a-1.SUM",
  ],
  ["an absolute path", '<a href="/other/v1/">', "v\\d+/", "https://example.org/other/v1/"],
  ["a whole URL at home", '<a href="https://example.org/x/v1/">', "v\\d+/", "https://example.org/x/v1/"],
  [
    "other quotes, attributes and capitals",
    "<A class=x HREF='v1/'>v1</A>",
    "v\\d+/",
    "https://example.org/pub/os/v1/",
  ],
  ["no quotes", "<a href=v1/>v1</a>", "v\\d+/", "https://example.org/pub/os/v1/"],
  [
    "another host that nobody asked about",
    '<a href="https://ads.example/"><a href="v1/">',
    "v\\d+/",
    "https://example.org/pub/os/v1/",
  ],
])("%s", (_name, html, pattern, url) => {
  expect(newestLink(html, page, pattern).href).toBe(url);
});

test.each<[reference: string]>([
  ["https://evil.example/v9/"],
  ["//evil.example/v9/"],
  ["http://example.org/v9/"],
  ["https://example.org:8443/v9/"],
  ["ftp://example.org/v9/"],
  ["javascript:v9/"],
  ["https://[/v9/"],
])("the link %s is refused", (reference) => {
  const attempt = () => newestLink(`<a href="v1/"><a href="${reference}">`, page, "(javascript:)?v\\d+/");
  expect(attempt).toThrow(WaifuError);
  expect(attempt).toThrow(`${page.href} leads to another host: ${reference}`);
});

test("a listing without such a link is refused", () => {
  expect(() => newestLink("<html>Moved</html>", page, "v\\d+/")).toThrow(
    expect.objectContaining({ code: "refused", message: `the listing ${page.href} has no link like v\\d+/` }),
  );
});
