import { existsSync } from "node:fs";
import { run } from "./run.ts";

/** Where cgroup v2 is: alone, or beside v1. */
const root = ["/sys/fs/cgroup/unified", "/sys/fs/cgroup"].find((folder) =>
  existsSync(`${folder}/cgroup.procs`),
);

/** Command line that runs what follows it in a control group of its own, which a systemd can then take as the whole tree. */
export function inCgroup(name: string): string[] {
  const script = 'mkdir -p "$0" && echo $$ >"$0/cgroup.procs" && exec "$@"';
  return ["sh", "-c", script, `${root}/${name}`];
}

/** Once everything in it has ended, which is after whatever killed it. Harmless if there is none. */
export async function removeCgroup(name: string): Promise<void> {
  const folder = `${root}/${name}`;
  while ((await run(["grep", "-q", "populated 1", `${folder}/cgroup.events`])).exitCode === 0)
    await Bun.sleep(10);
  await run(["find", folder, "-depth", "-type", "d", "-exec", "rmdir", "{}", ";"]);
}
