import { describe, expect, test } from "bun:test";
import { mkdtempSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const main = [process.execPath, join(import.meta.dir, "../src/main.ts")];

/** `waifuctl list` against a node that takes the connection and then keeps silent. */
async function hangingList() {
  const folder = mkdtempSync(join(tmpdir(), "waifuctl-main-"));
  const { promise: connected, resolve } = Promise.withResolvers<void>();
  const server = createServer((socket) => {
    resolve();
    socket.on("error", () => {});
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  await Bun.write(
    join(folder, "cluster.toml"),
    `state = "state.db"\n[[node]]\nname = "alpha"\naddress = "127.0.0.1"\nport = ${port}\nuser = "root"\n`,
  );
  const child = Bun.spawn([...main, "list"], {
    cwd: folder,
    env: {},
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  return { child, connected, close: () => server.close() };
}

describe("a signal", () => {
  test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
    "%s ends the command under way with 130",
    async (signal) => {
      const { child, connected, close } = await hangingList();
      await connected;
      child.kill(signal);
      expect(await child.exited).toBe(130);
      expect(await child.stderr.text()).toContain("interrupted");
      close();
    },
  );
});

test("status and streams come from the process itself", async () => {
  const child = Bun.spawn([...main, "lst"], { env: {}, stdout: "pipe", stderr: "pipe" });
  expect([await child.exited, await child.stdout.text(), await child.stderr.text()]).toEqual([
    2,
    "",
    'error: waifuctl has no command "lst"\nhint: Did you mean waifuctl list? See waifuctl --help.\n',
  ]);
});
