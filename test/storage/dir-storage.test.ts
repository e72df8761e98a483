import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LocalRunner } from "../../src/ssh/local-runner.ts";
import { storageContract } from "./storage-contract.ts";

storageContract("dir", async () => {
  const path = await mkdtemp(join(tmpdir(), "waifu-dir-"));
  return {
    runner: new LocalRunner({ node: "here" }),
    config: { kind: "dir", path },
    tearDown: () => rm(path, { recursive: true }),
  };
});
