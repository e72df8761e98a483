import { once } from "node:events";
import { connect, createServer, type Server } from "node:net";

/** Another way to a socket, on which every word takes its time, there and back. */
export async function slowLink(path: string, to: string, delayMs: number): Promise<Server> {
  const server = createServer((near) => {
    const far = connect(to);
    for (const [from, into] of [
      [near, far],
      [far, near],
    ] as const) {
      from.on("data", (bytes) => setTimeout(() => into.write(bytes), delayMs));
      from.on("close", () => into.destroy());
      from.on("error", () => {});
    }
  });
  await once(server.listen(path), "listening");
  return server;
}
