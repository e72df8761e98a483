import { afterEach, beforeEach, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { releaseAddress } from "../../src/libvirt/network.ts";

const reservation = { mac: "52:54:00:aa:00:01", address: "192.168.122.2", name: "a" };
const host = "<host mac='52:54:00:aa:00:01' name='a' ip='192.168.122.2'/>";
const other = "<host mac='52:54:00:aa:00:02' name='b' ip='192.168.122.3'/>";
const promises = ["52:54:00:aa:00:01,192.168.122.2,a", "52:54:00:aa:00:02,192.168.122.3,b"];

/** A network is two files, `live` and `kept`, a host on each line. At the call that it is told to be cut off at, the whole session dies. */
const virsh = `#!/bin/sh
cd "$(dirname "$0")" && echo "$*" >>calls
[ "$(wc -l <calls)" != "$CUT" ] || kill -KILL 0
case "$*" in
*"net-dumpxml default --inactive") cat kept ;;
*"net-dumpxml default") cat live ;;
*net-update*)
  for xml; do case $xml in "<host "*) break ;; esac; done
  for file in live kept; do
    case "$* $file" in *--live*live | *--config*kept)
      grep -Fqx -e "$xml" "$file" || { echo "error: no such host in $file" >&2; exit 1; }
      grep -Fvx -e "$xml" "$file" >new; mv new "$file" ;;
    esac
  done ;;
esac
[ "$(wc -l <calls)" != "$CUT_AFTER" ] || kill -KILL 0`;

let folder = "";
let dnsmasq: Bun.Subprocess;
const place = (name: string) => join(folder, name);
const linesOf = (name: string) => readFileSync(place(name), "utf8").split("\n").filter(Boolean);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "waifu-network-"));
  for (const name of ["dnsmasq", "network"]) mkdirSync(place(name));
  dnsmasq = Bun.spawn(["sh", "-c", "trap '' HUP; exec sleep 60"]);
  writeFileSync(place("virsh"), virsh);
  chmodSync(place("virsh"), 0o755);
  writeFileSync(place("network/default.pid"), `${dnsmasq.pid}\n`);
  for (const name of ["live", "kept"]) writeFileSync(place(name), `${host}\n${other}\n`);
  writeFileSync(place("dnsmasq/default.hostsfile"), `${promises.join("\n")}\n`);
});

afterEach(() => {
  dnsmasq.kill("SIGKILL");
  rmSync(folder, { recursive: true });
});

async function release(env: Record<string, string> = {}): Promise<number> {
  writeFileSync(place("calls"), "");
  const { argv } = releaseAddress("qemu:///system", "default", reservation);
  const moved = argv.map((word) =>
    word.replaceAll("/var/lib/libvirt", folder).replaceAll("/run/libvirt", folder),
  );
  const PATH = `${folder}:${process.env.PATH}`;
  const child = Bun.spawn(["setsid", "--wait", ...moved], { env: { PATH, ...env }, stderr: "ignore" });
  return await child.exited;
}

function expectReleased() {
  expect([linesOf("live"), linesOf("kept"), linesOf("dnsmasq/default.hostsfile")]).toEqual([
    [other],
    [other],
    promises.slice(1),
  ]);
}

test("it goes from the definition, from libvirt and from dnsmasq, and a second time nothing more is told", async () => {
  expect(await release()).toBe(0);
  expectReleased();
  expect(await release()).toBe(0);
  expectReleased();
  expect(linesOf("calls").join("\n")).not.toContain("net-update");
});

test.each(["CUT", "CUT_AFTER"].flatMap((when) => [1, 2, 3].map((call) => [when, call] as const)))(
  "cut off (%s) at its call of virsh number %d, it can be run again",
  async (when, call) => {
    expect(await release({ [when]: String(call) })).not.toBe(0);
    expect(await release()).toBe(0);
    expectReleased();
  },
);

test.each([
  ["libvirt", () => writeFileSync(place("live"), "")],
  ["its definition", () => writeFileSync(place("kept"), "")],
  ["dnsmasq", () => writeFileSync(place("dnsmasq/default.hostsfile"), "")],
])("one that %s has forgotten already is released where it is left", async (_, forget) => {
  forget();
  expect(await release()).toBe(0);
  for (const name of ["live", "kept"]) expect(linesOf(name)).not.toContain(host);
  expect(linesOf("dnsmasq/default.hostsfile")).not.toContain(promises[0]);
});
