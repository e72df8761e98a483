import type { ImageName } from "./images.ts";
import { type Lab, upLab } from "./namespace-lab.ts";
import type { LabNode } from "./node.ts";

/** The lab that tests share: it is up already, or comes up now and stays for the next file. */
export const labName = process.env.WAIFU_LAB ?? "test";

export type TestLab = { readonly lab: Lab; readonly nodes: readonly [LabNode, LabNode, LabNode] };

/** Three nodes, with nothing of ours on them. */
export async function testLab(images: readonly ImageName[] = ["tiny"]): Promise<TestLab> {
  const lab = await upLab(labName, ["n1", "n2", "n3"], { images });
  const [first, second, third] = lab.nodes;
  if (!first || !second || !third) throw new Error(`lab ${labName} has too few nodes`);
  return { lab, nodes: [first, second, third] };
}
