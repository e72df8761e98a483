import type { ImageName } from "../lab/images.ts";
import { timeCreate } from "./create-timing.ts";
import { copyingBySsh, fetchImage, preparePlain, typedOnNode } from "./plain-ways.ts";
import type { Site } from "./site.ts";
import { type Comparison, compare, type Way } from "./timing.ts";

const NAME = "ours";
const SIZES: Record<ImageName, { memory: string; disk: string }> = {
  tiny: { memory: "128M", disk: "32M" },
  "debian-12": { memory: "512M", disk: "2G" },
};

/** Both images against the bare commands, and the big one against the predecessor's way too. */
export async function measureCreate(site: Site, binary: string, rounds: number): Promise<Comparison[]> {
  const { operator, storage } = site;
  const comparisons: Comparison[] = [];
  for (const { name: image, url, sha256 } of site.lab.images) {
    const { memory, disk } = SIZES[image];
    await operator.answer("template", "add", image, url, "--sha256", sha256);
    const options = ["--template", image, "--memory", memory, "--disk", disk];
    const argv = [binary, "create", NAME, "--no-wait", "--verbose", ...options];
    const ours: Way = () => timeCreate(argv, { cwd: operator.home, env: { HOME: operator.home } });
    // Prepares the node: the template is there from now on.
    await cleanly(site, NAME, ours)();
    const plain = await preparePlain(site, options);
    const question = { what: `create ${image} on ${storage}`, ours: cleanly(site, NAME, ours) };
    const typed = cleanly(site, plain.name, typedOnNode(site, plain));
    comparisons.push(
      await compare({ ...question, against: "typed on the node", limit: 1.5, rounds, reference: typed }),
    );
    if (image !== "debian-12") continue;
    const copying = copyingBySsh(site, plain, await fetchImage(site, url), disk);
    const reference = cleanly(site, plain.name, copying);
    comparisons.push(
      await compare({ ...question, against: "a copy each, ssh a step", limit: 1 / 5, rounds: 3, reference }),
    );
  }
  return comparisons;
}

/** Leaves the node as it was. That is not timed. */
function cleanly(site: Site, name: string, way: Way): Way {
  return async () => {
    const timing = await way();
    // On an emulated node a booting guest leaves little time for anything else.
    await site.onNode("virsh", "-q", "destroy", name);
    await site.operator.answer("delete", name, "--yes");
    return timing;
  };
}
