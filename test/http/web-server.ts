import { createServer, type Server, type Socket } from "node:net";

/** Pages by path; everything else is 404. */
export function serve(pages: Readonly<Record<string, (request: Request) => Response | Promise<Response>>>) {
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request) =>
      pages[new URL(request.url).pathname]?.(request) ?? new Response("nothing here", { status: 404 }),
  });
  return { url: (path: string) => new URL(path, server.url).href, stop: () => server.stop(true) };
}

/** A server that answers every request with these very bytes, and then hangs up, or not. */
export async function serveBytes(text: string, { hangsUp = true } = {}) {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.once("data", () => (hangsUp ? socket.end(text) : socket.write(text)));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const stop = () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  return { url: `http://127.0.0.1:${port}/image`, stop };
}
