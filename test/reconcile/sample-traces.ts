import { spec } from "../spec.ts";

const seed = `/var/lib/waifu/seeds/${spec.uuid}`;

/** What a node prints of its traces where the sample instance is well; of the seed, the generation on its disk and the one that is kept. */
export function printTraces({ served = 1, kept = 1 }: { served?: number; kept?: number } = {}): string {
  return [
    `file ${seed}.json`,
    ...(served === 0 ? [] : [`file ${seed}.img`, `${seed}.img:instance-id: ${spec.uuid}-g${served}`]),
    `${seed}.json:"current":{"generation":${kept}`,
    "",
  ].join("\n");
}
