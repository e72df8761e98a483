import { ownBinary } from "../setup/binary.ts";
import { setUpNode } from "../setup/setup.ts";
import { type Cut, done, type Recovered } from "./cut.ts";

export async function recoverSetup({ cluster, node, watch }: Cut): Promise<Recovered> {
  const { plan } = await setUpNode(cluster, node, await ownBinary(), watch);
  return done(plan.stages.length === 0 ? "nothing was missing" : "it was repeated");
}
