import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { KeptSecret } from "../../src/state/secrets.ts";
import { openState } from "../../src/state/state.ts";

const secret: KeptSecret = {
  scope: "instance 1",
  key: "pw",
  once: true,
  setAt: "2026-01-02T03:04:05.000Z",
  setBy: "ana@desk",
  nonce: Uint8Array.of(0, 1, 255),
  sealed: Uint8Array.of(0, 0, 7),
};
const open = (path: string) => openState(path, "ana@desk", () => new Date("2026-01-02T03:04:05Z"));

test("secrets are kept by scope and key, bytes and all, across processes", () => {
  const folder = mkdtempSync(join(tmpdir(), "waifu-state-"));
  const path = join(folder, "state.db");
  const first = open(path);
  const shared = { ...secret, scope: "label role=web", once: false };
  first.secrets.put(shared);
  first.secrets.put(secret);
  first.secrets.put({ ...secret, key: "other" });
  first.secrets.put({ ...secret, setBy: "mai@home" });
  first.close();
  const second = open(path);
  const mine = { ...secret, setBy: "mai@home" };
  expect(second.secrets.all()).toEqual([{ ...secret, key: "other" }, mine, shared]);
  second.secrets.forget(secret.scope, "other");
  second.secrets.forget(shared.scope, "other");
  expect(second.secrets.all()).toEqual([mine, shared]);
  second.secrets.forgetAll(secret.scope);
  expect(second.secrets.all()).toEqual([shared]);
  second.close();
  rmSync(folder, { recursive: true });
});
