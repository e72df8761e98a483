import { type Command, type CommandResult, repeatable } from "../command.ts";

/** An image file on a node, or what there is of it. */
export type ImageLook = {
  /** Absent: the node does not have it. */
  readonly imageBytes?: number;
  /** Of an unfinished fetch. */
  readonly partBytes: number;
  /** Where images are kept. */
  readonly freeBytes: number;
};

const lookScript = `
for file in "$1" "$1.part"; do stat -c %s "$file" 2>/dev/null || echo; done
folder=\${1%/*}
until [ -d "$folder" ]; do folder=\${folder%/*}; done
df -B1 --output=avail "\${folder:-/}" | tail -n 1`;

export function lookAtImage(path: string): Command {
  return repeatable(["sh", "-c", lookScript, "sh", path]);
}

export function parseImageLook({ stdout }: CommandResult): ImageLook {
  const [image = "", part = "", free = ""] = stdout.split("\n");
  return {
    imageBytes: image === "" ? undefined : Number(image),
    partBytes: Number(part),
    freeBytes: Number(free),
  };
}
