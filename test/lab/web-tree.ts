import { once } from "node:events";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

/** A text, or a file of this machine: whatever it holds when somebody asks. */
export type Content = { readonly text: string } | { readonly file: string };

/** What a server does to one path instead of answering well. */
export type Fault =
  | { readonly kind: "status"; readonly status: number }
  /** Leads to itself, one word longer each time. */
  | { readonly kind: "loop" }
  /** An error page that says that all is well. */
  | { readonly kind: "html" }
  /** Announces this many bytes more than there are, or fewer. */
  | { readonly kind: "length"; readonly differsBy: number }
  /** Hangs up where the content has got so far, in each of the next answers, and may have no ranges to go on with. */
  | {
      readonly kind: "cut";
      readonly atByte: number;
      readonly times: number;
      readonly hasRanges: boolean;
    }
  /** Sends no more from there on, and does not hang up, until it behaves. */
  | { readonly kind: "stall"; readonly atByte: number };

/** A web server whose files and faults its test puts there. Folders have listings as Apache draws them. */
export type WebTree = {
  url(path: string): string;
  put(path: string, content: Content): void;
  misbehave(path: string, fault: Fault): void;
  /** Well again; answers that stall are cut. */
  behave(path: string): void;
  /** Bytes of the content that went out since it was last put there, in all answers. */
  bytesSent(path: string): number;
  /** Resolves when somebody has got all that a stall lets through. */
  stalled(path: string): Promise<void>;
  stop(): Promise<void>;
};

type Page = { content: Content; changedAt: Date; bytesSent: number };
type Ailment = {
  readonly fault: Fault;
  /** Answers that it will spoil yet. */
  left: number;
  isOver: boolean;
  readonly stalled: PromiseWithResolvers<void>;
  readonly held: ServerResponse[];
};

const errorPage = "<!DOCTYPE html>\n<html><body><h1>We'll be back soon</h1></body></html>\n";

export async function serveTree(hostname: string): Promise<WebTree> {
  const pages = new Map<string, Page>();
  const ailments = new Map<string, Ailment>();
  const ailmentOf = (path: string) => {
    const ailment = ailments.get(path);
    if (ailment === undefined) throw new Error(`${path} behaves`);
    return ailment;
  };
  const server = createServer((request, response) => {
    answer(request, response).catch((error) => response.destroy(error));
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = decodeURIComponent(request.url ?? "/").replace(/\?.*/, "");
    const ailment = ailments.get(path.replace(/(\/again)+$/, ""));
    const fault = ailment !== undefined && ailment.left-- > 0 ? ailment.fault : undefined;
    if (fault?.kind === "status") return say(response, fault.status, "text/plain", "no\n");
    if (fault?.kind === "html") return say(response, 200, "text/html", errorPage);
    if (fault?.kind === "loop") return void response.writeHead(302, { location: `${path}/again` }).end();
    const page = pages.get(path);
    const listing = listed(path, [...pages.keys()]);
    if (page !== undefined) await give(page, request, response, ailment, fault);
    else if (listing !== undefined) say(response, 200, "text/html", listing);
    else say(response, 404, "text/plain", "not found\n");
  }

  server.listen(0, hostname);
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  return {
    url: (path) => `http://${hostname}:${address.port}${path}`,
    put: (path, content) => pages.set(path, { content, changedAt: new Date(), bytesSent: 0 }),
    misbehave(path, fault) {
      const left = fault.kind === "cut" ? fault.times : Number.POSITIVE_INFINITY;
      ailments.set(path, { fault, left, isOver: false, stalled: Promise.withResolvers(), held: [] });
    },
    behave(path) {
      const ailment = ailmentOf(path);
      ailment.isOver = true;
      ailments.delete(path);
      for (const response of ailment.held) response.destroy();
    },
    bytesSent: (path) => pages.get(path)?.bytesSent ?? 0,
    stalled: (path) => ailmentOf(path).stalled.promise,
    async stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function give(
  page: Page,
  request: IncomingMessage,
  response: ServerResponse,
  ailment: Ailment | undefined,
  fault: Fault | undefined,
): Promise<void> {
  const size = await sizeOf(page.content);
  const hasRanges = ailment?.fault.kind !== "cut" || ailment.fault.hasRanges;
  const begin = hasRanges ? rangeStart(request) : 0;
  if (begin > 0 && begin >= size)
    return void response.writeHead(416, { "content-range": `bytes */${size}` }).end();
  const announced = size - begin + (fault?.kind === "length" ? fault.differsBy : 0);
  response.writeHead(begin > 0 ? 206 : 200, {
    "content-type": "application/octet-stream",
    "content-length": announced,
    "last-modified": page.changedAt.toUTCString(),
    etag: `"${page.changedAt.getTime().toString(16)}-${size}"`,
    ...(hasRanges ? { "accept-ranges": "bytes" } : {}),
    ...(begin > 0 ? { "content-range": `bytes ${begin}-${size - 1}/${size}` } : {}),
  });
  if (request.method === "HEAD") return void response.end();

  const end = fault?.kind === "cut" || fault?.kind === "stall" ? fault.atByte : size;
  const length = Math.max(0, Math.min(announced, size - begin, end - begin));
  const content = read(page.content, begin, length).on("data", (chunk) => {
    page.bytesSent += chunk.length;
  });
  await pipeline(content, response, { end: false });
  if (fault?.kind === "stall" && ailment !== undefined && !ailment.isOver) {
    ailment.held.push(response);
    ailment.stalled.resolve();
  } else if (length < announced) {
    // What was written is on its way before the connection ends.
    response.write("", () => response.destroy());
  } else response.end();
}

/** A folder as Apache draws it; a folder is there when a page is below it. */
function listed(path: string, names: readonly string[]): string | undefined {
  const inside = names.filter((name) => name.startsWith(path)).map((name) => name.slice(path.length));
  const entries = [...new Set(inside.map((name) => name.replace(/(?<=\/).*/, "")))].sort();
  if (!path.endsWith("/") || entries.length === 0) return undefined;
  const lines = entries.map((name) => `<a href="${name}">${name}</a>      2026-09-01 22:00    -\n`);
  return `<html><body><h1>Index of ${path}</h1><pre>\n${lines.join("")}</pre></body></html>\n`;
}

function say(response: ServerResponse, status: number, type: string, text: string): void {
  response.writeHead(status, { "content-type": type, "content-length": Buffer.byteLength(text) }).end(text);
}

async function sizeOf(content: Content): Promise<number> {
  return "text" in content ? Buffer.byteLength(content.text) : (await stat(content.file)).size;
}

function read(content: Content, begin: number, length: number): Readable {
  if (length <= 0) return Readable.from([]);
  if ("text" in content) return Readable.from([Buffer.from(content.text).subarray(begin, begin + length)]);
  return createReadStream(content.file, { start: begin, end: begin + length - 1, highWaterMark: 256 * 1024 });
}

/** Enough of RFC 9110's ranges for a download that goes on where it was cut. */
function rangeStart(request: IncomingMessage): number {
  return Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
}
