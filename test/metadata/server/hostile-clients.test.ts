import { afterAll, beforeAll, expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { tokenOf } from "./samples.ts";
import { Served } from "./served.ts";
import { askFrom, dial } from "./wire.ts";

let served: Served;

beforeAll(async () => {
  served = await Served.withGuest();
});

afterAll(() => served.close());

const path = `/${tokenOf("A")}`;
const get = `GET ${path}/meta-data HTTP/1.1\r\nHost: x\r\nConnection: close\r\n`;
const post = `POST ${path}/phone-home HTTP/1.1\r\nHost: x\r\nConnection: close\r\n`;

test.each([
  ["an honest request", `${get}\r\n`, 200],
  ["an older one without a host", `GET ${path}/meta-data HTTP/1.0\r\n\r\n`, 200],
  ["a megabyte of one header", `${get}X: ${"x".repeat(2 ** 20)}\r\n\r\n`, 431],
  ["a thousand headers", `${get}${"X: x\r\n".repeat(1000)}\r\n`, 431],
  ["a long path", `GET /${"x".repeat(2 ** 20)} HTTP/1.1\r\nHost: x\r\n\r\n`, 431],
  ["a body that is too large", `${post}Content-Length: 70000\r\n\r\n${"x".repeat(70_000)}`, 413],
  [
    "one that doesn't tell its size",
    `${post}Transfer-Encoding: chunked\r\n\r\n${`1000\r\n${"x".repeat(4096)}\r\n`.repeat(17)}0\r\n\r\n`,
    413,
  ],
  ["a body of two sizes", `${post}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 400],
  ["no HTTP", "\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", 400],
  [
    "a path that climbs",
    `GET ${path}/../${tokenOf("A")}/../x/meta-data HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
    404,
  ],
  ["a tunnel", `CONNECT x:80 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`, 405],
])("%s", async (_, request, status) => {
  const client = await dial(served, request);
  expect((await client.text).split(" ")[1]).toBe(String(status));
});

test("a method that HTTP doesn't know is cut off", async () => {
  expect(await (await dial(served, "BREW / HTTP/1.1\r\nHost: x\r\n\r\n")).text).toBe("");
});

test("HEAD tells the length and sends nothing", async () => {
  const client = await dial(served, `HEAD ${get.slice(4)}\r\n`);
  const [head = "", body] = (await client.text).split("\r\n\r\n");
  expect(head.toLowerCase()).toContain("content-length: 15");
  expect(body).toBe("");
});

test("half a request is cut off, and so is one that dribbles on", async () => {
  const dribbler = await dial(served, get);
  const dribble = setInterval(() => dribbler.write("X: x\r\n"), 200);
  const halves = [
    dial(served),
    dial(served, "GE"),
    dial(served, get),
    dial(served, `${post}Content-Length: 9\r\n\r\nx`),
  ];
  const texts = await Promise.all([dribbler.text, ...halves.map(async (half) => (await half).text)]);
  clearInterval(dribble);
  expect(texts).toEqual(["", "", "", "", ""]);
}, 20_000);

test("ten thousand idle connections keep nobody from being served", async () => {
  // In a process of its own: each end takes a file descriptor.
  const words = [process.execPath, join(import.meta.dir, "idle-crowd.ts"), served.service.url.href, "10000"];
  const crowd = Bun.spawn(words, { stdin: "ignore", stdout: "pipe" });
  const honest = () => askFrom(served, "127.0.0.1", `GET ${path}/meta-data`);
  try {
    const { value } = await crowd.stdout.getReader().read();
    expect(value && new TextDecoder().decode(value)).toBe("all are there\n");
    expect(await honest()).toEqual([200, "instance-id: 1\n"]);
    expect((await readdir("/proc/self/fd")).length).toBeGreaterThan(10_000);
  } finally {
    crowd.kill();
    await crowd.exited;
  }
  expect(await honest()).toEqual([200, "instance-id: 1\n"]);
}, 60_000);
