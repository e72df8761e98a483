import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";

const main = [process.execPath, join(import.meta.dir, "../../src/main.ts")];
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "waifuctl-serve-"));
});

afterEach(() => rm(folder, { recursive: true }));

/** As systemd starts it, without HOME or a cluster.toml, in a network of its own where the address is yet missing. */
function serveMetadata() {
  const flags = ["--redis", join(folder, "redis.sock"), "--copy", join(folder, "copies")];
  const shell = ["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"];
  const child = Bun.spawn([...shell, ...main, "serve-metadata", ...flags], {
    cwd: folder,
    env: { PATH: process.env.PATH },
    stdout: "ignore",
    stderr: "pipe",
  });
  const lines = createInterface(Readable.fromWeb(child.stderr))[Symbol.asyncIterator]();
  const until = async (text: string) => {
    for (;;) {
      const { value, done } = await lines.next();
      if (done) throw new Error(`it ended without ${text}`);
      if (value.includes(text)) return;
    }
  };
  const inside = async (...argv: string[]) => {
    const run = Bun.spawn(["nsenter", "-t", String(child.pid), "-n", ...argv], { stdout: "pipe" });
    return await run.stdout.text();
  };
  return { child, until, inside };
}

test("waits for its address, serves there, and ends well when systemd says so", async () => {
  const { child, until, inside } = serveMetadata();
  await until("waiting for the address");
  await inside("ip", "address", "add", "169.254.169.254/32", "dev", "lo");
  await until("listening on 169.254.169.254");
  const status = ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}"];
  expect(await inside(...status, "http://169.254.169.254/x/meta-data")).toBe("503");
  expect(await inside(...status, "http://127.0.0.1:9469/metrics")).toBe("200");
  child.kill("SIGTERM");
  expect(await child.exited).toBe(0);
});

test.each(["169.254.169.254", "localhost:80", "1.2.3.4:65536", ":80"])(
  "--listen %s is refused",
  async (listen) => {
    const child = Bun.spawn([...main, "serve-metadata", "--listen", listen], { env: {}, stderr: "pipe" });
    expect(await child.exited).toBe(2);
    expect(await child.stderr.text()).toContain("is not of the form ADDRESS:PORT");
  },
);
