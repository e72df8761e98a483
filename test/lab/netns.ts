import { readFile } from "node:fs/promises";
import { must, run } from "./run.ts";

/** Pids, as the host sees them, of all processes in a network namespace; none if there is no such namespace. */
export async function pidsIn(netns: string): Promise<number[]> {
  const { stdout } = await run(["ip", "netns", "pids", netns]);
  return stdout.split("\n").filter(Boolean).map(Number);
}

/** Pid, as the host sees it, of the process that is pid 1 of the namespace's own pid namespace. */
export async function initPidOf(netns: string): Promise<number | undefined> {
  for (const pid of await pidsIn(netns)) {
    const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
    const nested = /^NSpid:(.*)$/m.exec(status)?.[1]?.trim().split(/\s+/) ?? [];
    if (nested.length > 1 && nested.at(-1) === "1") return pid;
  }
  return undefined;
}

/** Kills whatever lives in the namespace and removes it. Harmless if it is already gone. */
export async function destroyNetns(netns: string): Promise<void> {
  // A process can fork while we look, so look until nobody is left.
  for (let pids = await pidsIn(netns); pids.length > 0; pids = await pidsIn(netns)) {
    for (const pid of pids) kill(pid);
    await Bun.sleep(10);
  }
  if (await netnsExists(netns)) await must(["ip", "netns", "del", netns]);
}

export async function netnsExists(netns: string): Promise<boolean> {
  const names = (await must(["ip", "netns", "list"])).split("\n").map((line) => line.split(" ")[0]);
  return names.includes(netns);
}

function kill(pid: number) {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended by itself in the meantime.
  }
}
