import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { relabelCommands } from "../../src/secrets/delivery.ts";
import { labelScope } from "../../src/secrets/scope.ts";
import { keepSecret } from "../../src/secrets/vault.ts";
import { scriptedCluster } from "../scripted-cluster.ts";

const folder = mkdtempSync(join(tmpdir(), "waifu-relabel-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** `web` brings log-in and cert, `site` brings cert too, `db` a log-in of its own. No base64 holds that dash. */
const kept: [label: [string, string], key: string, day: number][] = [
  [["role", "web"], "log-in", 1],
  [["role", "web"], "cert", 1],
  [["site", "home"], "cert", 2],
  [["role", "db"], "log-in", 1],
];

const scripted = scriptedCluster([]);
const cluster = { ...scripted, config: { ...scripted.config, statePath: join(folder, "state.db") } };
for (const [[label, value], key, day] of kept) {
  const setAt = `2026-01-0${day}T00:00:00.000Z`;
  const scope = labelScope(label, value);
  keepSecret(cluster, { scope, key, once: false, setAt, setBy: "mai@home", open: () => Buffer.from(scope) });
}

test.each<[string, Record<string, string>, Record<string, string>, RegExp[]]>([
  ["the same labels", { role: "web" }, { role: "web" }, []],
  ["a label that brings nothing", { role: "web" }, { role: "web", x: "y" }, []],
  ["none any more", { site: "home" }, {}, [/HDEL.*cert/s]],
  ["its first", {}, { role: "db" }, [/HSET.*log-in/s]],
  ["others", { role: "web" }, { role: "db" }, [/HDEL.*cert/s, /HSET.*log-in/s]],
  ["one that goes before", { role: "web" }, { role: "web", site: "home" }, [/HSET.*cert(?!.*log-in)/s]],
])("a guest that gets %s", (_, before, after, expected) => {
  const [was, is] = [before, after].map((labels) => ({ uuid: "6f1d2c3b", labels }));
  if (was === undefined || is === undefined) throw new Error("there are two");
  const said = relabelCommands(cluster, [was, is], "guests-own").map(({ stdin }) =>
    stdin instanceof Uint8Array ? new TextDecoder().decode(stdin) : "",
  );
  expect(said).toEqual(expected.map((pattern) => expect.stringMatching(pattern)));
});
