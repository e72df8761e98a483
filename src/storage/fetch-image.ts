import { type Command, repeatable, type Stdin } from "../command.ts";
import { digestFunction } from "./digest-function.ts";
import { IMAGE_MS, takeWork } from "./image-work.ts";

/** How a fetch fails, after sysexits(3). */
export const fetchStatus = {
  /** The bytes are not those that were asked for: nothing is kept. */
  wrongDigest: 65,
  /** There is no such image: the server says so, or redirects for ever. */
  noSource: 66,
  /** The server does not answer, or is out of order. */
  noServer: 69,
  /** The file system is full: nothing is kept. */
  noRoom: 73,
  /** The server stopped half-way, each time. The part is kept where a later run can go on from there. */
  cutOff: 74,
} as const;

/** Whether a later run could go on where this one ended: the server sends ranges, or did not answer at all this time. */
const resumable = `
is_resumable() {
  [ "$3" != - ] && [ -s "$1.part" ] || return
  ! grep -q '^HTTP/' "$log" || grep -qiE '^(accept-ranges: *bytes|content-range: *bytes)' "$log"
}`;

/** The last answer's status, and the whole image's length by it: redirects have headers too. */
const answers = `
http_status() { sed -n 's|^HTTP/[0-9.]* \\([0-9]*\\).*|\\1|p' "$log" | tail -n 1; }
total_bytes() {
  length=$(awk '/^HTTP\\// { n = "" } tolower($1) == "content-length:" { sub("\\r", ""); n = $2 } END { print n }' "$log")
  [ -z "$length" ] || echo $((have + length))
}`;

/**
 * curl or standard input to a \`.part\`, hashed as it streams; what is there already is hashed first, and the rest asked for. Its name is
 * the image's only when the digest is right. Each attempt that gets further than all before it has three more to come.
 */
const fetchScript = `${takeWork}
[ ! -e "$1" ] || { rm -f "$work"; exit 0; }
mkdir -p "\${1%/*}" || exit
part=$1.part log=$work.log drop= best=0 tries=0
if [ \${#2} = 64 ]; then bits=256; else bits=512; fi
part_bytes() { stat -c %s "$part" 2>/dev/null || echo 0; }
${digestFunction}
${resumable}
${answers}
finish() {
  kill "$ticker" 2>/dev/null
  [ -z "$drop" ] && is_resumable "$@" || rm -f "$part"
  rm -f "$log" "$work"
}
fail() { drop=$1; shift; code=$1; shift; echo "$*" >&2; exit "$code"; }
give() {
  if [ "$1" = - ]; then cat; else
    curl -fsSL --max-redirs 5 --proto =http,https --connect-timeout 15 --speed-time 30 --speed-limit 1024 \\
      -C "$have" -D "$log" -- "$1"
  fi
  echo "ended $?" >>"$log"
}
tick() {
  trap '' PIPE
  # What sleeps on after the end must not hold the pipes open.
  while sleep 0.5 >/dev/null; do
    echo "$(part_bytes) $(total_bytes)" || { kill -s TERM -- "-$group"; exit; }
  done 2>/dev/null
}
[ "$3" != - ] || rm -f "$part"
have=$(part_bytes)
: >"$log" || exit
tick 9>&- &
ticker=$!
trap 'finish "$@"' EXIT
trap 'exit 143' HUP INT TERM
until
  have=$(part_bytes)
  : >"$log"
  actual=$(
    { [ "$have" = 0 ] || cat "$part"
      { give "$3" 2>/dev/null | tee --output-error=exit -a "$part"; } 2>/dev/null || echo full >>"$log"
    } | digest "$bits"
  )
  [ "$actual" = "$2" ]
do
  ended=$(sed -n 's/^ended //p' "$log") now=$(part_bytes) http=$(http_status) total=$(total_bytes)
  if grep -q '^full' "$log"; then
    free=$(($(df -B1 --output=avail "\${1%/*}" | tail -n 1) + now))
    fail drop ${fetchStatus.noRoom} "no room: the image takes \${total:-more than $now} bytes, and $free are free in \${1%/*}"
  fi
  if [ "$now" -gt "$best" ]; then best=$now tries=0; fi
  tries=$((tries + 1))
  case "$ended" in
  0)
    [ "$now" -gt 0 ] || fail drop ${fetchStatus.wrongDigest} "it is empty, not $2"
    # The older part may have been of another image.
    if [ "$have" -gt 0 ]; then rm -f "$part"; continue; fi
    page=$(head -c 1024 "$part" | grep -aqiE '<!doctype html|<html' && echo ': it is a web page')
    fail drop ${fetchStatus.wrongDigest} "its SHA-$bits is $actual, not $2$page" ;;
  33) rm -f "$part"; continue ;;
  22)
    case "$http" in
    416) rm -f "$part"; [ "$have" = 0 ] || continue ;;
    408 | 429 | 5*) [ "$tries" -ge 4 ] || { sleep 1; continue; }
      fail '' ${fetchStatus.noServer} "the server answers $http, each time" ;;
    esac
    fail drop ${fetchStatus.noSource} "the server answers $http" ;;
  47) fail drop ${fetchStatus.noSource} "the server redirects from one address to the next, without end" ;;
  6) fail '' ${fetchStatus.noServer} "the server's name is not known" ;;
  7 | 28 | 35 | 52 | 60)
    if [ "$now" = "$have" ] && [ -z "$http" ]; then
      [ "$tries" -ge 3 ] || { sleep 1; continue; }
      fail '' ${fetchStatus.noServer} "the server can't be reached (curl exits with $ended)"
    fi ;;
  1 | 3) fail drop ${fetchStatus.noSource} "the address can't be fetched by http or https" ;;
  esac
  [ "$tries" -ge 4 ] || { is_resumable "$@" || rm -f "$part"; sleep 1; continue; }
  is_resumable "$@" && kept='; the next run goes on from there' || kept=
  fail '' ${fetchStatus.cutOff} "the server stopped at $now of \${total:-unknown} bytes, $tries times (curl exits with $ended)$kept"
done
drop=done
mv "$part" "$1"`;

/**
 * Brings the bytes of this digest to \`path\` on the node, from a URL or from what is given on standard input; done already is done. Prints
 * lines of bytes so far and, when known, in all. Exits with a \`fetchStatus\`. Only under the image's lock.
 */
export function fetchImage(
  path: string,
  digest: string,
  source: { readonly url: string } | { readonly stdin: Exclude<Stdin, string | Uint8Array> },
): Command {
  const url = "url" in source ? source.url : "-";
  return repeatable(["sh", "-c", fetchScript, "sh", path, digest, url], {
    timeoutMs: IMAGE_MS,
    ...("stdin" in source ? { stdin: source.stdin } : {}),
  });
}

/** The last line of what a fetch printed so far. */
export function parseFetchProgress(
  text: string,
): { readonly doneBytes: number; readonly totalBytes?: number } | undefined {
  const [, done, total] = /(\d+) (\d*)\n[^\n]*$/.exec(text) ?? [];
  if (done === undefined) return undefined;
  return { doneBytes: Number(done), totalBytes: total ? Number(total) : undefined };
}
