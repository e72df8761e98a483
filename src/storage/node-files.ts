import { type Command, repeatable } from "../command.ts";

/** Where waifuctl keeps its own files on every node, whatever the storage kind: seeds and downloads. */
const nodeFolder = "/var/lib/waifu";

const writeScript = 'umask 077; mkdir -p "${1%/*}" && cat > "$1.new" && mv "$1.new" "$1"';

export function seedPath(uuid: string): string {
  return `${nodeFolder}/seeds/${uuid}.img`;
}

/** Replaces the file in one rename; only root may read it. */
export function writeFile(path: string, content: string | Uint8Array): Command {
  return repeatable(["sh", "-c", writeScript, "sh", path], { stdin: content });
}

export function removeFiles(...paths: string[]): Command {
  return repeatable(["rm", "-f", ...paths]);
}

/** Verified image files, kept only until they are a template. */
export function downloadPath(digest: string): string {
  return `${nodeFolder}/downloads/${digest}`;
}

/** sysexits(3) EX_DATAERR: the bytes are not those that were asked for. */
export const WRONG_DIGEST = 65;

/**
 * Into a `.part` file under a lock of its own, so that a download whose operator has gone is waited for and not written over; hashed
 * as it streams; renamed only when the digest is right.
 */
const downloadScript = `
umask 077
mkdir -p "\${1%/*}" && exec 9>"$1.lock" && flock 9 || exit
[ -e "$1" ] && exit 0
trap 'rm -f "$1.part" "$1.failed"' EXIT
actual=$(
  { if [ "$3" = - ]; then cat; else curl -fsSL --retry 3 --connect-timeout 15 -- "$3"; fi || : > "$1.failed"; } |
    tee "$1.part" | sha256sum | cut -c 1-64
)
[ ! -e "$1.failed" ] || exit 1
[ "$(stat -c %s "$1.part")" -gt 0 ] || { echo "it is empty" >&2; exit 1; }
[ "$actual" = "$2" ] || { echo "its SHA-256 is $actual, not $2" >&2; exit ${WRONG_DIGEST}; }
mv "$1.part" "$1"`;

/** Fetches a URL, or takes a file from the operator, to `downloadPath(digest)`. Exits WRONG_DIGEST when the bytes are others. */
export function download(
  digest: string,
  source: { readonly url: string } | { readonly path: string },
): Command {
  const url = "url" in source ? source.url : "-";
  return repeatable(["sh", "-c", downloadScript, "sh", downloadPath(digest), digest, url], {
    timeoutMs: 3_600_000,
    ...("path" in source ? { stdin: source } : {}),
  });
}

export function removeDownload(digest: string): Command {
  const path = downloadPath(digest);
  return removeFiles(path, `${path}.part`, `${path}.failed`, `${path}.lock`);
}
