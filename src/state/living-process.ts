import { readFileSync } from "node:fs";
import { hostname } from "node:os";

/** A process as the journal knows it. */
export type KnownProcess = {
  readonly host: string;
  readonly pid: number;
  /** Tells it from a later process of the same number; empty where that is not known. */
  readonly birth: string;
};

export function thisProcess(): KnownProcess {
  return { host: hostname(), pid: process.pid, birth: birthOf(process.pid) ?? "" };
}

/** Only a process of this machine can be asked for: of one elsewhere nobody knows. */
export function fateOf({ host, pid, birth }: KnownProcess): "alive" | "dead" | "elsewhere" {
  if (host !== hostname()) return "elsewhere";
  if (birth !== "") return birthOf(pid) === birth ? "alive" : "dead";
  try {
    process.kill(pid, 0);
    return "alive";
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "ESRCH" ? "dead" : "alive";
  }
}

/** The machine's start and the process's own, in clock ticks after it (proc_pid_stat(5), fields 3 and 22). */
function birthOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The program's name, field 2, may hold anything.
    const [state = "", ...fields] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // A zombie has ended; only its parent has not asked yet.
    if ("ZX".includes(state)) return undefined;
    return `${readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()} ${fields[18]}`;
  } catch {
    return undefined;
  }
}
