import { type Command, type CommandResult, repeatable } from "../command.ts";
import { digestFunction } from "./digest-function.ts";
import { asImageWork, IMAGE_MS } from "./image-work.ts";
import { imagePath, removeFiles } from "./node-files.ts";
import { unpackedPath } from "./unpack-image.ts";

/** A file in a node's folder of images. */
export type KeptFile = {
  readonly path: string;
  /** Of the image that it is, or is about; a disk that is being copied has none yet, and bears its instance's uuid. */
  readonly digest: string;
  /** Not the image itself: a part of one, or one that was being unpacked. */
  readonly isUnfinished: boolean;
  readonly sizeBytes: number;
  readonly allocatedBytes: number;
  /** Since it was last written to, by the node's own clock. */
  readonly ageMs: number;
};

const listScript = `
[ -d "$1" ] || exit 0
date +%s
exec find "$1" -maxdepth 1 -type f -printf '%f\\t%s\\t%b\\t%T@\\n'`;

const folder = imagePath("").slice(0, -1);

/** Lists the images that a node keeps, and what is unfinished. */
export function listImages(): Command {
  return repeatable(["sh", "-c", listScript, "sh", folder]);
}

export function parseImages({ stdout }: CommandResult): KeptFile[] {
  const [now, ...lines] = stdout.split("\n");
  return lines.flatMap((line) => {
    const [file = "", size, blocks, changedAt] = line.split("\t");
    const [digest = "", ...ending] = file.split(".");
    if (digest === "") return [];
    return [
      {
        path: imagePath(file),
        digest,
        isUnfinished: ending.length > 0,
        sizeBytes: Number(size),
        allocatedBytes: Number(blocks) * 512,
        ageMs: (Number(now) - Number(changedAt)) * 1000,
      },
    ];
  });
}

/** Removes the image with all that is unfinished of it; what is still at work on it is stopped first. Only under the image's lock. */
export function removeImage(digest: string): Command {
  const image = imagePath(digest);
  return asImageWork(image, removeFiles(image, `${image}.part`, unpackedPath(image)));
}

const hashScript = `${digestFunction}
case \${#2} in 64) digest 256 <"$1" ;; 128) digest 512 <"$1" ;; esac`;

/** Prints the digest of what the image file holds now, by the same algorithm as its name. */
export function hashImage(digest: string): Command {
  return repeatable(["sh", "-c", hashScript, "sh", imagePath(digest), digest], { timeoutMs: IMAGE_MS });
}

export function parseHash({ stdout }: CommandResult): string {
  return stdout.trim();
}

const adoptScript = `${digestFunction}
digest=$(digest 256 <"$1") && bytes=$(stat -c %s "$1") || exit
[ \${#digest} = 64 ] || exit
image="\${1%/*}/$digest"
[ -e "$image" ] || ln "$1" "$image" || exit
echo "$digest $bytes"`;

/** Gives a file of the folder of images the name of its SHA-256, beside its own. Prints that, and its size. */
export function adoptImage(path: string): Command {
  return repeatable(["sh", "-c", adoptScript, "sh", path], { timeoutMs: IMAGE_MS });
}

const adoptedScript =
  '[ ! -e "$1" ] || exec find "${1%/*}" -maxdepth 1 -samefile "$1" ! -name "${1##*/}" -printf "%f"';

/** Prints the digest that a file was given for its name, or nothing. */
export function findAdopted(path: string): Command {
  return repeatable(["sh", "-c", adoptedScript, "sh", path]);
}

export function parseAdopted(stdout: string): { readonly digest: string; readonly imageBytes: number } {
  const [digest = "", imageBytes] = stdout.trim().split(" ");
  return { digest, imageBytes: Number(imageBytes) };
}
