import type { Client, ClientChannel } from "ssh2";
import { WaifuError } from "../errors.ts";
import type { RemoteProcess, TerminalSize } from "./runner.ts";
import { exitStatus } from "./streams.ts";

/** How the program on a channel ends; undefined when the link closes without an exit status. */
export function exitOf(channel: ClientChannel): Promise<number | undefined> {
  let status: number | undefined;
  channel.once("exit", (code: number | null, signal?: string) => {
    status = exitStatus(code, signal);
  });
  return new Promise((resolve) => channel.once("close", () => resolve(status)));
}

/** A channel with its streams left to the caller. Without a terminal, standard error is dropped. */
export function toRemoteProcess(client: Client, channel: ClientChannel, node: string): RemoteProcess {
  channel.stderr.resume();
  // A channel whose output nobody reads gives no `close`, not even when the link is gone.
  const disconnected = new Promise<undefined>((resolve) => client.once("close", () => resolve(undefined)));
  const exited = Promise.race([exitOf(channel), disconnected]).then((status) => {
    if (status !== undefined) return status;
    throw new WaifuError("outcome-unknown", `node "${node}": the link closed before an exit status came`, {
      node,
    });
  });
  exited.catch(() => {});
  return {
    stream: channel,
    exited,
    resize: ({ columns, rows }) => channel.setWindow(rows, columns, 0, 0),
    close: () => {
      channel.close();
      channel.resume();
    },
  };
}

export function toPty({ columns, rows }: TerminalSize) {
  return { cols: columns, rows, term: process.env.TERM ?? "xterm-256color" };
}
