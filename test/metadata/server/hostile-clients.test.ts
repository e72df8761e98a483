import { afterAll, beforeAll, expect, test } from "bun:test";
import { seedOf, tokenOf } from "./samples.ts";
import { Served } from "./served.ts";

let served: Served;

beforeAll(async () => {
  served = await Served.open();
  await served.startRedis();
  await served.startService();
  await served.put(seedOf(1));
  await served.log.until("guest-1: generation 1");
});

afterAll(() => served.close());

type Wire = { readonly text: Promise<string>; write(text: string): void; close(): void };

/** A client that sends what it likes; `text` is all that it was answered, once the server has cut it off. */
async function connect(first = ""): Promise<Wire> {
  let text = "";
  const { promise, resolve } = Promise.withResolvers<string>();
  const socket = await Bun.connect({
    hostname: served.service.url.hostname,
    port: Number(served.service.url.port),
    socket: {
      data: (_, bytes) => {
        text += bytes.toString();
      },
      close: () => resolve(text),
      error: () => resolve(text),
    },
  });
  socket.write(first);
  return { text: promise, write: (more) => socket.write(more), close: () => socket.end() };
}

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
  const client = await connect(request);
  expect((await client.text).split(" ")[1]).toBe(String(status));
});

test("a method that HTTP doesn't know is cut off", async () => {
  expect(await (await connect("BREW / HTTP/1.1\r\nHost: x\r\n\r\n")).text).toBe("");
});

test("HEAD tells the length and sends nothing", async () => {
  const client = await connect(`HEAD ${get.slice(4)}\r\n`);
  const [head = "", body] = (await client.text).split("\r\n\r\n");
  expect(head.toLowerCase()).toContain("content-length: 15");
  expect(body).toBe("");
});

test("half a request is cut off, and so is one that dribbles on", async () => {
  const dribbler = await connect(get);
  const dribble = setInterval(() => dribbler.write("X: x\r\n"), 200);
  const halves = [connect(), connect("GE"), connect(get), connect(`${post}Content-Length: 9\r\n\r\nx`)];
  const texts = await Promise.all([dribbler.text, ...halves.map(async (half) => (await half).text)]);
  clearInterval(dribble);
  expect(texts).toEqual(["", "", "", "", ""]);
}, 20_000);

test("two thousand idle connections keep nobody from being served", async () => {
  const idlers = await Promise.all(Array.from({ length: 2000 }, () => connect()));
  const client = await connect(`${get}\r\n`);
  expect(await client.text).toStartWith("HTTP/1.1 200 OK\r\n");
  for (const idler of idlers) idler.close();
  expect(served.log.lines.join("\n")).not.toContain(tokenOf("A"));
});
