import { type FileHints, hintsOf } from "./head.ts";
import { type RequestOptions, request } from "./request.ts";

export type HashedFile = FileHints & { readonly digest: string; readonly bytes: number };

export type HashOptions = Omit<RequestOptions, "method"> & {
  /** Sees the first bytes, 64 KiB where there are so many, and throws when it is not worth while to go on. */
  readonly check?: (beginning: Uint8Array) => void;
  readonly onBytes?: (doneBytes: number, totalBytes: number | undefined) => void;
};

const BEGINNING_BYTES = 64 * 1024;

/** Streams a file through a hash; nothing is kept. Throws as `request` and `check` do. */
export async function hashUrl(
  url: string,
  algorithm: "sha256" | "sha512",
  { check = () => {}, onBytes = () => {}, ...options }: HashOptions = {},
): Promise<HashedFile> {
  return await request(url, options, async ({ chunks, ...answer }) => {
    const hasher = new Bun.CryptoHasher(algorithm);
    let beginning: Uint8Array[] | undefined = [];
    let bytes = 0;
    for await (const chunk of chunks) {
      hasher.update(chunk);
      bytes += chunk.length;
      beginning?.push(chunk);
      if (beginning !== undefined && bytes >= BEGINNING_BYTES) {
        check(Buffer.concat(beginning));
        beginning = undefined;
      }
      onBytes(bytes, answer.totalBytes);
    }
    if (beginning !== undefined) check(Buffer.concat(beginning));
    return { ...hintsOf(answer), bytes, digest: hasher.digest("hex") };
  });
}
