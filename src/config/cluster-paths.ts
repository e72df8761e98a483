import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";

/** The environment variables, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Where $XDG_CONFIG_HOME or $XDG_STATE_HOME points; relative values don't count (XDG Base Directory Specification). */
export function xdgFolder(environment: Environment, kind: "CONFIG" | "STATE"): string {
  const given = environment[`XDG_${kind}_HOME`] ?? "";
  if (isAbsolute(given)) return given;
  return join(homeFolder(environment), kind === "CONFIG" ? ".config" : ".local/state");
}

/** Absolute form of a path in a file that lies in `folder`; `~` is the operator's home. */
export function expandPath(path: string, folder: string, environment: Environment): string {
  return path === "~" || path.startsWith("~/")
    ? join(homeFolder(environment), path.slice(1))
    : resolve(folder, path);
}

function homeFolder(environment: Environment): string {
  // Without HOME (cron, systemd) the password database knows.
  return environment.HOME || homedir();
}
