import { type Command, once, repeatable } from "../command.ts";
import { virsh } from "./virsh.ts";

/** How long an agent that is connected may take to answer; one that is not fails at once. */
const ANSWER_SECONDS = "5";

/** Starts a program in the guest, by its agent. Its exit and output are asked for by the number that this answers. */
export function startInGuest(uri: string, uuid: string, path: string, ...args: string[]): Command {
  return once(ask(uri, uuid, "guest-exec", { path, arg: args, "capture-output": true }));
}

export function parseStarted(stdout: string): number | undefined {
  const pid = property(property(parse(stdout), "return"), "pid");
  return typeof pid === "number" ? pid : undefined;
}

/** Once it has ended the agent forgets it: not to be asked again after that. */
export function readExit(uri: string, uuid: string, pid: number): Command {
  return repeatable(ask(uri, uuid, "guest-exec-status", { pid }));
}

/** What it wrote on standard output; undefined while it runs. */
export function parseExit(stdout: string): string | undefined {
  const answer = property(parse(stdout), "return");
  if (property(answer, "exited") !== true) return undefined;
  const output = property(answer, "out-data");
  return typeof output === "string" ? Buffer.from(output, "base64").toString() : "";
}

function ask(uri: string, uuid: string, execute: string, args: object) {
  const request = JSON.stringify({ execute, arguments: args });
  return virsh(uri, "qemu-agent-command", uuid, request, "--timeout", ANSWER_SECONDS);
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function property(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
}
