import { WaifuError } from "../errors.ts";

/** Of user-data, unpacked. Each generation is kept, sent and served whole, and a CIDATA disk has room for it. */
export const mostUserDataBytes = 16 * 1024 ** 2;

/**
 * User-data as text, byte for byte. What gzip packed is unpacked, as cloud-init would do; blank is as good as empty, of which cloud-init
 * does not complain. Throws `usage` for what is too large, damaged or binary: everything from here on holds it as text.
 */
export async function decodeUserData(bytes: Uint8Array, path: string): Promise<string> {
  if (bytes.length > mostUserDataBytes) throw tooMuchUserData(path, `more than ${mostUserDataBytes}`);
  const isPacked = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const text = toText(isPacked ? await unpack(bytes, path) : bytes);
  if (text === undefined) {
    throw new WaifuError("usage", `${path} is not UTF-8 text`, {
      hint: "Save it as UTF-8. Binary content goes into write_files with `encoding: b64`, or into base64 parts of a MIME multipart.",
    });
  }
  return /^[ \t\r\n]*$/.test(text) ? "" : text;
}

export function tooMuchUserData(path: string, found: string): WaifuError {
  return new WaifuError(
    "usage",
    `${path} has ${found} bytes: user-data may have ${mostUserDataBytes} (16 MiB)`,
    {
      hint: "Let the guest download what is large, with `#include` or in runcmd.",
    },
  );
}

async function unpack(bytes: Uint8Array, path: string): Promise<Uint8Array> {
  const { gunzipSync } = await import("node:zlib");
  try {
    return gunzipSync(bytes, { maxOutputLength: mostUserDataBytes });
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ERR_BUFFER_TOO_LARGE") {
      throw tooMuchUserData(path, `${bytes.length} bytes, unpacked more than ${mostUserDataBytes}`);
    }
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new WaifuError("usage", `${path} is packed with gzip and can't be unpacked: ${why}`, {
      hint: "Pack it anew, or give it as it is: `gzip -t` tells whether it is whole.",
      cause,
    });
  }
}

/** With its byte order mark, which cloud-init would not overlook. */
function toText(bytes: Uint8Array): string | undefined {
  if (bytes.includes(0)) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
