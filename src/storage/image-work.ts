import type { Command } from "../command.ts";

/** Copying an image over a slow line or through a slow disk. */
export const IMAGE_MS = 6 * 3_600_000;

/** Serialises between operators what is done about one image on one node; unlike the node's own lock, it is held for as long as that takes. */
export function imageLockPath(digest: string): string {
  return `/run/lock/waifu-${digest}.lock`;
}

/**
 * Long work on the image $1 goes on when the link that started it is gone. Whoever begins the next such work holds the image's lock, which
 * that operator lost with the link, and so may end it: the file names its process group, and every process of it holds that file. Its log
 * may be left by one that was killed.
 */
export const takeWork = `
umask 077
work="/run/lock/waifu-\${1##*/}.work"
if [ -s "$work" ] && ! flock -n "$work" true; then
  kill -s KILL -- "-$(cat "$work")"
  flock -w 10 "$work" true || exit
fi
exec 9>>"$work" && flock 9 || exit
rm -f "$work.log"
group=$(ps -o pgid= -p $$ | tr -d ' ')
echo "$group" >"$work"`;

const asWorkScript = `${takeWork}
shift
exec "$@"`;

/** The command, findable and stoppable after the link that started it is gone. Only under the image's lock. */
export function asImageWork(image: string, command: Command): Command {
  return { ...command, argv: ["sh", "-c", asWorkScript, "sh", image, ...command.argv] };
}
