import { closeSync, writeSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";

/**
 * The lab's image mirror: `/images/NAME` from the folder of the first argument, on the address of the second, port 80.
 * A process of its own inside the switch's namespace; it says "ready" on descriptor 3, then runs until that namespace ends.
 */
const [folder = ".", hostname = "127.0.0.1"] = process.argv.slice(2);

Bun.serve({
  hostname,
  port: 80,
  routes: {
    "/images/": async () => new Response((await readdir(folder)).sort().join("\n")),
    "/images/:name": (request) => serve(join(folder, basename(request.params.name)), request),
  },
});
writeSync(3, "ready");
closeSync(3);

async function serve(path: string, request: Request): Promise<Response> {
  const file = Bun.file(path);
  if (!(await file.exists())) return new Response("no such image\n", { status: 404 });
  const headers = {
    "accept-ranges": "bytes",
    "content-type": "application/octet-stream",
    "last-modified": new Date(file.lastModified).toUTCString(),
  };
  // Enough of RFC 9110's ranges for a download that goes on where it was cut.
  const start = Number(/^bytes=(\d+)-$/.exec(request.headers.get("range") ?? "")?.[1] ?? 0);
  if (start === 0) return new Response(file, { headers });
  if (start >= file.size) return new Response(null, { status: 416, headers });
  const range = `bytes ${start}-${file.size - 1}/${file.size}`;
  return new Response(file.slice(start), { status: 206, headers: { ...headers, "content-range": range } });
}
