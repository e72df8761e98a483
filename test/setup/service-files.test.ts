import { expect, test } from "bun:test";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { renderNetwork, renderNixosModule, serviceFiles } from "../../src/setup/service-files.ts";

const content = (name: string) =>
  serviceFiles("br-vms").find(({ path }) => path.endsWith(name))?.content ?? "";

test("every placeholder is filled", () => {
  for (const { content } of serviceFiles("br-vms")) expect(content).not.toContain("{{");
});

test("nft understands the table, and takes it again in its own place", async () => {
  const twice = "nft -f - <<E\n$1\nE\nnft -f - <<E\n$1\nE\nnft -s list table inet waifu";
  const nft = Bun.spawn(
    ["unshare", "--net", "--map-root-user", "sh", "-c", twice, "sh", content("waifu.nft")],
    {
      stdout: "pipe",
      stderr: "inherit",
    },
  );
  const loaded = await nft.stdout.text();
  expect(loaded.match(/iifname != "br-vms" drop/g)).toHaveLength(1);
  expect(loaded).toContain("ip saddr 169.254.169.254 ip ttl set 1");
});

test("Redis listens on its socket alone, and writes an append-only file", async () => {
  const folder = await mkdtemp(join(tmpdir(), "waifuctl-redis-"));
  const conf = content("redis.conf")
    .replaceAll(/\/(run|var\/lib)\/waifu-redis/g, folder)
    .replace("supervised systemd", "supervised no");
  const redis = Bun.spawn(["redis-server", "-"], { stdin: Buffer.from(conf), stdout: "pipe" });
  try {
    const heard = new TextDecoder();
    let log = "";
    for await (const chunk of redis.stdout) {
      log += heard.decode(chunk, { stream: true });
      if (log.includes("ready to accept connections")) break;
    }
    const ask = ["redis-cli", "-s", `${folder}/redis.sock`, "config", "get", "port", "append*"];
    const said = await Bun.spawn(ask, { stdout: "pipe" }).stdout.text();
    const words = said.trim().split("\n");
    expect(words[words.indexOf("port") + 1]).toBe("0");
    expect(words[words.indexOf("appendonly") + 1]).toBe("yes");
    expect(words[words.indexOf("appendfsync") + 1]).toBe("always");
    expect((await stat(`${folder}/redis.sock`)).mode & 0o777).toBe(0o660);
  } finally {
    redis.kill();
    await redis.exited;
    await rm(folder, { recursive: true });
  }
});

test("a network's name is escaped", () => {
  expect(renderNetwork("a&b")).toContain("<name>a&amp;b</name>");
});

test("NixOS has its programs elsewhere", () => {
  const module = renderNixosModule("virbr0");
  expect(module).not.toMatch(/\/usr\/bin|\{\{|ExecStart=(nft|ip)|'ip /);
  expect(module).toContain(
    'systemd.units."waifu-redis.service" = { wantedBy = [ "multi-user.target" ]; text = \'\'',
  );
  expect(module).toContain('interfaces."virbr0".allowedTCPPorts = [ 80 ]');
});
