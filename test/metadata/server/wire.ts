import { connect } from "node:net";
import type { Served } from "./served.ts";

export type Wire = { readonly text: Promise<string>; write(text: string): void; close(): void };

/** A client that sends what it likes, from any address of 127.0.0.0/8; `text` is all that it was answered, once it is cut off. */
export async function dial({ service }: Served, first = "", from = "127.0.0.1"): Promise<Wire> {
  const { hostname, port } = service.url;
  const socket = connect({ host: hostname, port: Number(port), localAddress: from });
  const { promise: open, resolve: opened, reject } = Promise.withResolvers<void>();
  const { promise: text, resolve: ended } = Promise.withResolvers<string>();
  let answer = "";
  socket.on("connect", opened);
  socket.on("error", reject);
  socket.on("data", (bytes) => {
    answer += bytes.toString();
  });
  socket.on("close", () => ended(answer));
  await open;
  socket.write(first);
  return { text, write: (more) => socket.write(more), close: () => socket.end() };
}

/** A whole request on a connection of its own; gives the status and what came with it. */
export async function askFrom(
  served: Served,
  from: string,
  line: string,
  ...headers: string[]
): Promise<[status: number, body: string]> {
  const head = [`${line} HTTP/1.1`, "Host: x", "Connection: close", ...headers];
  const { text } = await dial(served, `${head.join("\r\n")}\r\n\r\n`, from);
  const answer = await text;
  return [Number(answer.split(" ")[1]), answer.slice(answer.indexOf("\r\n\r\n") + 4)];
}
