import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadSecretKey, secretKeyPath } from "../../src/state/secret-key.ts";
import { openState } from "../../src/state/state.ts";
import { scriptedCluster } from "../scripted-cluster.ts";
import { runCli } from "./run-cli.ts";

test("state backup copies what is remembered, says what is not in it, and never overwrites", async () => {
  const folder = mkdtempSync(join(tmpdir(), "waifu-state-"));
  const statePath = join(folder, "state.db");
  const scripted = scriptedCluster([]);
  const state = openState(statePath, "tester@here", scripted.now);
  state.restarts.note("1", "2026-01-01");
  const cluster = { ...scripted, state, config: { ...scripted.config, statePath } };
  const wire = async () => ({ ...cluster, close: async () => {} });
  const backup = (...words: string[]) => runCli(["state", "backup", ...words], { wire });

  const beside = `${statePath}.backup-2026-01-02T030405.000Z`;
  expect((await backup()).stdout).toBe(`${statePath} is copied to ${beside}\n`);
  expect(statSync(beside).mode & 0o777).toBe(0o600);

  loadSecretKey(secretKeyPath(statePath));
  const to = join(folder, "copy.db");
  expect((await backup(to)).stdout).toBe(
    `${statePath} is copied to ${to}\nWithout the key of its secrets: keep ${statePath}.key somewhere else than this.\n`,
  );
  expect(await backup(to, "--json")).toMatchObject({
    exitCode: 4,
    stderr: expect.stringContaining("exists"),
  });
  state.close();
  const copy = openState(to, "tester@here", scripted.now);
  expect(copy.restarts.of("1")?.count).toBe(1);
  copy.close();
  rmSync(folder, { recursive: true });
});
