import { type Command, repeatable } from "../command.ts";

/** Where waifuctl keeps its own files on every node, whatever the storage kind: seeds and downloads. */
const nodeFolder = "/var/lib/waifu";

const writeScript =
  'umask 077; { [ -d "${1%/*}" ] || mkdir -p "${1%/*}"; } && cat > "$1.new" && mv "$1.new" "$1"';

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
 * A download goes on when the link that started it is gone. Whoever works under the node's lock may end it: its operator lost that
 * lock with the link. The lock file names its process group, and every process of it holds the lock.
 */
const stopScript = `
if [ -s "$1.lock" ] && ! flock -n "$1.lock" true; then
  kill -s KILL -- "-$(cat "$1.lock")"
  flock -w 10 "$1.lock" true || exit
fi`;

/**
 * Into a `.part` file, hashed as it streams, renamed only when the digest is right. A mirror that sends next to nothing for a
 * minute is given up.
 */
const downloadScript = `${stopScript}
umask 077
mkdir -p "\${1%/*}" && exec 9>"$1.lock" && flock 9 || exit
ps -o pgid= -p $$ | tr -d ' ' >&9
[ -e "$1" ] && exit 0
trap 'rm -f "$1.part" "$1.failed"' EXIT
actual=$(
  { if [ "$3" = - ]; then cat; else curl -fsSL --retry 3 --connect-timeout 15 --speed-time 60 --speed-limit 1024 -- "$3"; fi || : > "$1.failed"; } |
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

/** What is still fetching it is stopped first. Only under the node's lock. */
export function removeDownload(digest: string): Command {
  const script = `${stopScript}\nrm -f "$1" "$1.part" "$1.failed" "$1.lock"`;
  return repeatable(["sh", "-c", script, "sh", downloadPath(digest)]);
}
