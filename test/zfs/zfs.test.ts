import { expect, test } from "bun:test";
import { parseClones } from "../../src/zfs/zfs.ts";

test("clones are told with the volume that they came from; snapshots without any are left out", () => {
  const printed = [
    "tank/waifu/templates/abc@ready\ttank/waifu/instances/web,tank/elsewhere",
    "tank/waifu/templates/def@ready\t-",
    "tank/waifu/templates/def@daily\t",
    "",
  ].join("\n");
  expect(parseClones(printed)).toEqual([
    { origin: "tank/waifu/templates/abc", clone: "tank/waifu/instances/web" },
    { origin: "tank/waifu/templates/abc", clone: "tank/elsewhere" },
  ]);
});
