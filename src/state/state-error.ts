import { WaifuError } from "../errors.ts";
import { isDamage } from "./set-aside.ts";

/** What SQLite or the file system said about the state file, with what to do; anything else comes back as it is. */
export function stateError(error: unknown, path: string): unknown {
  if (!(error instanceof Error && "code" in error) || error instanceof WaifuError) return error;
  const said = error.message;
  const code = String(error.code);
  if (isDamage(error)) {
    return new WaifuError("config", `the state file ${path} is damaged: ${said}`, {
      hint: "The next waifuctl sets it aside and begins a new one: waifuctl reconcile. No VM is lost.",
      cause: error,
    });
  }
  if (code.startsWith("SQLITE_BUSY")) {
    return new WaifuError("locked", `another program keeps the state file ${path} to itself: ${said}`, {
      hint: `Wait for its end; who it is: fuser -v ${path}`,
      cause: error,
    });
  }
  return new WaifuError("config", `can't use the state file ${path}: ${said}`, {
    hint:
      code === "SQLITE_FULL"
        ? "Make room on its disk."
        : "Set `state` in cluster.toml to a file you may write, in a folder you may write. Losing the file loses no VM.",
    cause: error,
  });
}
