import { fatImage } from "./fat-image.ts";
import { type Seed, seedFiles } from "./seed.ts";

/** A seed as the disk that cloud-init's NoCloud, tiny-cloud and nuageinit look for by its label. */
export function seedDisk(seed: Seed): Uint8Array {
  return fatImage({ label: "CIDATA", files: seedFiles(seed) });
}
