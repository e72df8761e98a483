import { createReadStream } from "node:fs";
import type { Watch } from "../nodes/run-plan.ts";
import { reported } from "../reporter.ts";

/** Of a file beside the operator, in hex. */
export async function hashFile(
  path: string,
  algorithm: "sha256" | "sha512",
  { reporter, signal }: Watch,
): Promise<string> {
  return await reported(reporter, `checksum of ${path}`, async (step) => {
    const hasher = new Bun.CryptoHasher(algorithm);
    const totalBytes = Bun.file(path).size;
    let doneBytes = 0;
    for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
      signal?.throwIfAborted();
      hasher.update(chunk);
      doneBytes += chunk.length;
      step.update({ doneBytes, totalBytes });
    }
    return hasher.digest("hex");
  });
}
