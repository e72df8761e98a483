import { type Command, repeatable } from "../command.ts";

/** Where waifuctl keeps its own files on every node, whatever the storage kind: seeds and images. */
export const nodeFolder = "/var/lib/waifu";

const writeScript =
  'umask 077; { [ -d "${1%/*}" ] || mkdir -p "${1%/*}"; } && cat > "$1.new" && mv "$1.new" "$1"';

export function seedPath(uuid: string): string {
  return `${nodeFolder}/seeds/${uuid}.img`;
}

/** The generations of an instance's user-data, and what else its seed is made of. */
export function seedHistoryPath(uuid: string): string {
  return `${nodeFolder}/seeds/${uuid}.json`;
}

/** A verified image file as it was published, kept beside the template that was made of it. While it comes it is `.part`. */
export function imagePath(digest: string): string {
  return `${nodeFolder}/images/${digest}`;
}

/** Replaces the file in one rename; only root may read it. */
export function writeFile(path: string, content: string | Uint8Array): Command {
  return repeatable(["sh", "-c", writeScript, "sh", path], { stdin: content });
}

export function removeFiles(...paths: string[]): Command {
  return repeatable(["rm", "-f", ...paths]);
}
