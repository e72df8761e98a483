import { expect, test } from "bun:test";
import { judge } from "../../src/setup/examine.ts";
import { parseMachine } from "../../src/setup/machine.ts";
import type { Subject } from "../../src/setup/need.ts";
import { planSetup } from "../../src/setup/plan-setup.ts";
import { captured, inOrder, subject } from "./sample-subject.ts";

/** A line for each stage. */
function titles(of: Subject): string[] {
  return planSetup(of.node, judge(of)).stages.map((steps) => steps.map(({ title }) => title).join(" + "));
}

test("a bare machine", () => {
  const machine = { ...parseMachine(captured.bare), missing: ["redis-server", "zstd"] };
  expect(titles(subject({}, { machine }))).toMatchInlineSnapshot(`
    [
      "copy this waifuctl to /usr/local/lib/waifu/waifuctl",
      "install redis-server, zstd",
      "account waifu",
      "folder /var/lib/waifu/seeds + folder /var/lib/waifu/images + folder /var/lib/waifu/templates + folder /var/lib/waifu/instances + folder /usr/local/lib/waifu + folder /var/lib/waifu-redis + folder /var/lib/waifu-metadata + /etc/waifu/redis.conf + /etc/waifu/waifu.nft + /etc/systemd/system/nftables.service.d/waifu.conf + /etc/systemd/system/waifu-md.service + /etc/systemd/system/waifu-redis.service + /etc/systemd/system/waifu-metadata.service",
      "start libvirt, now and at every boot",
      "network default, now and at every boot + define the guests' filter",
      "enable our units",
      "start waifu-md.service + start waifu-redis.service",
      "start waifu-metadata.service",
    ]
  `);
});

test("a machine in order", () => {
  expect(titles(subject())).toEqual([]);
});

test("what starts anew, and after what", () => {
  const restarts = (path: string) =>
    titles(subject({ files: inOrder({ [path]: { digest: "0" } }) })).slice(1);
  expect(restarts("/etc/waifu/redis.conf")).toEqual(["enable our units", "start waifu-redis.service"]);
  expect(restarts("/usr/local/lib/waifu/waifuctl")).toEqual([
    "enable our units",
    "start waifu-metadata.service",
  ]);
  // The one requires the other, and would go down with it.
  expect(restarts("/etc/waifu/waifu.nft")).toEqual([
    "enable our units",
    "start waifu-md.service",
    "start waifu-metadata.service",
  ]);
});

test("what a person has to mend is not in the plan", () => {
  expect(titles(subject({ kvm: "absent", firewalld: "no zone" }, { skewMs: 1e6 }))).toEqual([]);
});
