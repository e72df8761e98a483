import { WaifuError } from "../errors.ts";
import { formatSize } from "../size.ts";
import { type RequestOptions, request } from "./request.ts";

/** Ubuntu's index of all releases has 3 MiB. */
const MAX_BYTES = 32 * 1024 ** 2;

/** A listing, an index or a checksum file. Throws as `request` does, and `refused` for more than `maxBytes`. */
export async function fetchText(
  url: string,
  options: Omit<RequestOptions, "method"> & { readonly maxBytes?: number } = {},
): Promise<string> {
  const { maxBytes = MAX_BYTES } = options;
  return await request(url, options, async ({ chunks }) => {
    const decoder = new TextDecoder();
    let text = "";
    let bytes = 0;
    for await (const chunk of chunks) {
      bytes += chunk.length;
      if (bytes > maxBytes) {
        throw new WaifuError("refused", `${url} is longer than ${formatSize(maxBytes)}: it is no list`, {
          hint: "Give the URL of the checksum file itself.",
        });
      }
      text += decoder.decode(chunk, { stream: true });
    }
    return text + decoder.decode();
  });
}
