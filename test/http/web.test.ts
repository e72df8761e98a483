import { afterAll, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { fetchText } from "../../src/http/fetch-text.ts";
import { hashUrl } from "../../src/http/hash-url.ts";
import { head } from "../../src/http/head.ts";
import { followRedirect } from "../../src/http/redirect.ts";
import { toWebError } from "../../src/http/web-error.ts";
import { imageKindOf } from "../../src/qemu/image-kind.ts";
import { serve, serveBytes } from "./web-server.ts";

const image = Buffer.concat([Buffer.from("QFI\xfb", "latin1"), Buffer.alloc(300_000, "x")]);
const packed = Bun.gzipSync(image);
const to = (location: string) => () => new Response(null, { status: 302, headers: { location } });
const web = serve({
  "/image": () => new Response(image, { headers: { etag: '"e1"', "last-modified": lastModified } }),
  "/packed": () => new Response(packed, { headers: { "content-encoding": "gzip" } }),
  "/page": () => new Response("<!doctype html>\n<title>Not here</title>"),
  "/one": to("/two"),
  "/two": to("image"),
  "/loop": to("/loop"),
  "/ftp": to("ftp://host/image"),
  "/broken": to("http://"),
  "/later": () => new Response("later", { status: 503 }),
  "/private": () => new Response("no", { status: 403 }),
});
const lastModified = "Fri, 02 Jan 2026 03:04:05 GMT";
const sum = (algorithm: string, bytes: Uint8Array) => createHash(algorithm).update(bytes).digest("hex");
afterAll(() => web.stop());

/** What becomes of a request to a server that says exactly this. */
async function meets(answer: string, options: { hangsUp?: boolean; silenceMs?: number } = {}) {
  const server = await serveBytes(answer, options);
  try {
    return await hashUrl(server.url, "sha256", options).catch((error: unknown) => error);
  } finally {
    server.stop();
  }
}

describe("a file is hashed", () => {
  test.each([
    ["sha256", "/image"],
    ["sha512", "/image"],
    ["sha256", "/one"],
  ] as const)("%s of %s", async (algorithm, path) => {
    const seen: unknown[] = [];
    const hashed = await hashUrl(web.url(path), algorithm, {
      check: (beginning) => void seen.push(imageKindOf(beginning)),
      onBytes: (done, total) => void seen.push([done <= image.length, total]),
    });
    expect(hashed).toEqual({
      digest: sum(algorithm, image),
      bytes: image.length,
      etag: '"e1"',
      lastModified: "2026-01-02T03:04:05.000Z",
    });
    expect(seen).toContain("qcow2");
    expect(seen.at(-1)).toEqual([true, image.length]);
  });

  test("as it was published, even if the server calls its packing an encoding", async () => {
    expect((await hashUrl(web.url("/packed"), "sha256")).digest).toBe(sum("sha256", packed));
  });

  test("but not further than the bytes that tell that it is another thing", async () => {
    const url = web.url("/page");
    const check = (beginning: Uint8Array) => void imageKindOf(beginning);
    await expect(hashUrl(url, "sha256", { check })).rejects.toMatchObject({
      code: "refused",
      message: "the image is a web page",
    });
  });
});

describe("what can't be fetched", () => {
  test.each([
    ["/none", "not-found", `there is nothing at ${web.url("/none")} (HTTP 404)`],
    ["/later", "unreachable", `${web.url("/later")} can't be fetched: HTTP 503`],
    ["/private", "refused", `${web.url("/private")} can't be fetched: HTTP 403`],
    ["/loop", "refused", `${web.url("/loop")} is redirected more than 5 times, to ${web.url("/loop")}`],
    ["/ftp", "refused", `${web.url("/ftp")} is redirected to ftp://host/image, which is no web address`],
    ["/broken", "refused", `${web.url("/broken")} is redirected to http://, which is no web address`],
  ])("%s", async (path, code, message) => {
    await expect(fetchText(web.url(path))).rejects.toMatchObject({ code, message });
  });

  test.each([
    ["http://127.0.0.1:1/x", "unreachable", "127.0.0.1:1 can't be reached: ECONNREFUSED"],
    ["http://no-such-host.invalid/x", "unreachable", "there is no host no-such-host.invalid"],
    ["file:///etc/passwd", "usage", '"file:///etc/passwd" is no URL'],
    ["http://two words/x", "usage", '"http://two words/x" is no URL'],
  ])("%s", async (url, code, message) => {
    await expect(fetchText(url)).rejects.toMatchObject({ code, message });
  });

  test("a text without end", async () => {
    await expect(fetchText(web.url("/image"), { maxBytes: 1024 })).rejects.toMatchObject({
      code: "refused",
      message: `${web.url("/image")} is longer than 1 KiB: it is no list`,
    });
  });

  test("on Ctrl-C", async () => {
    await expect(fetchText(web.url("/image"), { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: "interrupted",
    });
  });
});

describe("a server that breaks off", () => {
  test.each([
    ["before the length that it promised", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc"],
    ["within its chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n"],
    ["before it says anything", ""],
  ])("%s", async (_name, answer) => {
    expect(await meets(answer)).toMatchObject({
      code: "unreachable",
      message: expect.stringMatching(/^127\.0\.0\.1:\d+ broke off before http:\S+ was whole$/),
    });
  });

  test.each([
    ["half-way", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc"],
    ["from the start", ""],
  ])("goes silent %s", async (_name, answer) => {
    expect(await meets(answer, { hangsUp: false, silenceMs: 100 })).toMatchObject({
      code: "unreachable",
      message: expect.stringMatching(/^127\.0\.0\.1:\d+ said nothing for 0.1 s$/),
    });
  });
});

test("what a server says of a file without sending it", async () => {
  expect(await head(web.url("/two"))).toEqual({
    bytes: image.length,
    etag: '"e1"',
    lastModified: "2026-01-02T03:04:05.000Z",
  });
});

describe("a redirect", () => {
  test.each([
    ["http://a/x/y", "../z?q=1", "http://a/z?q=1"],
    ["http://a/x", "https://b/x", "https://b/x"],
    ["https://a/x", "//b/x", "https://b/x"],
  ])("from %s to %s", (from, to, location) => {
    expect(followRedirect(from, to)).toBe(location);
  });

  test("out of TLS is refused", () => {
    expect(() => followRedirect("https://a/x", "http://b/x")).toThrow(
      expect.objectContaining({
        code: "refused",
        message: "https://a/x is redirected to http://b/x, which is not encrypted",
      }),
    );
  });
});

test("a certificate that proves nothing", () => {
  // As Bun 1.4.5 says it.
  const thrown = Object.assign(new Error("self signed certificate"), { code: "DEPTH_ZERO_SELF_SIGNED_CERT" });
  expect(toWebError("https://a/x", thrown)).toMatchObject({
    code: "unreachable",
    message: "a can't prove that it is a: DEPTH_ZERO_SELF_SIGNED_CERT",
  });
});
