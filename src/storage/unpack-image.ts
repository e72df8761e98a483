import { type Command, repeatable } from "../command.ts";
import { IMAGE_MS, takeWork } from "./image-work.ts";

/** How unpacking fails, after sysexits(3). */
export const unpackStatus = {
  /** The node lacks the program. */
  noProgram: 69,
  /** The packed file ends early, or is no such file. */
  damaged: 65,
  noRoom: 73,
} as const;

export type Packing = "xz" | "gzip" | "zstd";

const unpackScript = `${takeWork}
command -v "$2" >/dev/null || { echo "the program $2 is not there" >&2; exit ${unpackStatus.noProgram}; }
trap 'rm -f "$1.unpacked"' EXIT
trap 'exit 143' HUP INT TERM
failed=$(
  { { "$2" -dc <"$1" || echo unpack >&3; } |
    dd of="$1.unpacked" bs=256k iflag=fullblock conv=sparse status=none || echo write >&3; } 3>&1 2>/dev/null
)
case "$failed" in
*write*) echo "no room to unpack the image: $(df -B1 --output=avail "\${1%/*}" | tail -n 1) bytes are free in \${1%/*}" >&2
  exit ${unpackStatus.noRoom} ;;
*unpack*) echo "$2 can't unpack the image: it is damaged as it was published" >&2; exit ${unpackStatus.damaged} ;;
esac
trap - EXIT`;

/** What is in a packed image, for as long as it is being converted. */
export function unpackedPath(image: string): string {
  return `${image}.unpacked`;
}

/** Unpacks the image file to `unpackedPath`, with holes for zeros. Exits with an `unpackStatus`. Only under the image's lock. */
export function unpackImage(image: string, packing: Packing): Command {
  return repeatable(["sh", "-c", unpackScript, "sh", image, packing], { timeoutMs: IMAGE_MS });
}
