import { once } from "node:events";
import { createConnection } from "node:net";
import { createInterface } from "node:readline";

type Message = { event?: string; data?: { status?: string }; return?: unknown; error?: { desc: string } };

/** QEMU's control socket: https://www.qemu.org/docs/master/interop/qmp-spec.html */
export type Qmp = {
  execute(command: string, args?: Record<string, unknown>): Promise<unknown>;
  /** A line of the human monitor, for the few things that QMP lacks. */
  human(line: string): Promise<string>;
  /** Runs a migration command, to its end. */
  migrate(command: "migrate" | "migrate-incoming", uri: string): Promise<void>;
  close(): void;
};

/** Several may connect one after the other, not at once: QEMU serves one client a socket. */
export async function openQmp(path: string): Promise<Qmp> {
  const socket = createConnection(path);
  await once(socket, "connect");
  socket.setTimeout(60_000, () => socket.destroy());
  const messages = createInterface({ input: socket })[Symbol.asyncIterator]();

  async function nextMessage(isWanted: (message: Message) => boolean): Promise<Message> {
    for (;;) {
      const line = await messages.next();
      if (line.done) throw new Error(`QEMU closed ${path}`);
      const message: Message = JSON.parse(line.value);
      if (isWanted(message)) return message;
    }
  }

  async function execute(command: string, args: Record<string, unknown> = {}): Promise<unknown> {
    socket.write(`${JSON.stringify({ execute: command, arguments: args })}\n`);
    const reply = await nextMessage((message) => "return" in message || "error" in message);
    if (reply.error) throw new Error(`QEMU refused ${command}: ${reply.error.desc}`);
    return reply.return;
  }

  await execute("qmp_capabilities");
  return {
    execute,
    human: async (line) => String(await execute("human-monitor-command", { "command-line": line })),
    async migrate(command, uri) {
      await execute("migrate-set-capabilities", { capabilities: [{ capability: "events", state: true }] });
      await execute(command, { uri });
      const ends = ["completed", "failed"];
      const end = await nextMessage(
        ({ event, data }) => event === "MIGRATION" && ends.includes(data?.status ?? ""),
      );
      if (end.data?.status === "failed") throw new Error(`${command} ${uri} failed`);
    },
    close: () => socket.destroy(),
  };
}
