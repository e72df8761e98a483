import type { Client, ClientChannel } from "ssh2";
import { WaifuError } from "../errors.ts";
import type { RemoteProcess, TerminalSize } from "./runner.ts";
import { exitStatus } from "./streams.ts";

/** How the program on a channel ends; undefined when the link closes without an exit status. */
export function exitOf(channel: ClientChannel): Promise<number | undefined> {
  // `close` repeats what `exit` said. A quick program's `exit` comes with the answer that opens its channel, before
  // anyone who awaits that can listen.
  return new Promise((resolve) =>
    channel.once("close", (code?: number | null, signal?: string) =>
      resolve(code === undefined ? undefined : exitStatus(code, signal)),
    ),
  );
}

/** A channel with its streams left to the caller. */
export function toRemoteProcess(client: Client, channel: ClientChannel, node: string): RemoteProcess {
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
    stderr: channel.stderr,
    exited,
    resize: ({ columns, rows }) => channel.setWindow(rows, columns, 0, 0),
    close: () => {
      channel.close();
      channel.resume();
      channel.stderr.resume();
    },
  };
}

export function toPty({ columns, rows }: TerminalSize) {
  return { cols: columns, rows, term: process.env.TERM ?? "xterm-256color" };
}
