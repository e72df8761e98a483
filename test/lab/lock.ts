import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { LabError } from "./run.ts";

/** Runs `work` while no other process on this machine holds the lock `path`. The lock goes with this process, however it ends. */
export async function withLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  await mkdir(dirname(path), { recursive: true });
  const holder = Bun.spawn(["flock", path, "sh", "-c", "echo locked; exec cat"], {
    stdin: "pipe",
    stdout: "pipe",
  });
  try {
    const { done } = await holder.stdout.getReader().read();
    if (done) throw new LabError(`cannot lock ${path}`);
    return await work();
  } finally {
    await holder.stdin.end();
    await holder.exited;
  }
}
