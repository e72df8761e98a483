import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { type Command, once, repeatable } from "../command.ts";
import { binaryPath, previousBinaryPath } from "../metadata/service-paths.ts";
import type { OwnBinary } from "./need.ts";

/** A hundred megabytes, over a slow line. */
const UPLOAD_MS = 1_800_000;

/** By Node's names, with the kernel's. */
const architectures: Readonly<Record<string, string>> = { x64: "x86_64", arm64: "aarch64" };

/** This very program, if it is one: where it runs from source there is nothing that could be copied to a node. */
export async function ownBinary(): Promise<OwnBinary | undefined> {
  if (!Bun.main.startsWith("/$bunfs/")) return undefined;
  const hash = createHash("sha256");
  await pipeline(createReadStream(process.execPath), hash);
  return {
    path: process.execPath,
    digest: hash.digest("hex"),
    architecture: architectures[process.arch] ?? process.arch,
  };
}

const replaceScript = `
umask 022
mkdir -p "\${1%/*}" && cat >"$1.new" && chmod 755 "$1.new" || exit
have=$(sha256sum "$1.new")
have=\${have%% *}
[ "$have" = "$3" ] || { rm -f "$1.new"; echo "the copy is damaged: its SHA-256 is $have" >&2; exit 1; }
[ ! -e "$1" ] || ln -f "$1" "$2" || exit
mv -f "$1.new" "$1"`;

/** Brings the binary to the node, in one rename; the one before is kept, and what runs goes on with it. */
export function replaceBinary({ path, digest }: OwnBinary): Command {
  return repeatable(["sh", "-c", replaceScript, "sh", binaryPath, previousBinaryPath, digest], {
    stdin: { path },
    timeoutMs: UPLOAD_MS,
  });
}

const rollbackScript = `
[ -e "$2" ] || { echo "there is no earlier binary" >&2; exit 1; }
ln -f "$1" "$1.undone" && mv -f "$2" "$1" && mv -f "$1.undone" "$2"`;

/** The earlier binary in place of the present one, which can be had back in the same way. */
export function exchangeBinaries(): Command {
  return once(["sh", "-c", rollbackScript, "sh", binaryPath, previousBinaryPath]);
}
