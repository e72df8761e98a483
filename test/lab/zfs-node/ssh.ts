import { type Outcome, run } from "../run.ts";

export type SshTarget = {
  address: string;
  port: number;
  user: string;
  identityFile: string;
  knownHostsFile?: string;
};

/**
 * Runs a shell line on a node. Exit status 255 is ssh's own: no connection; 124 means that `timeoutMs` passed.
 * Without a `knownHostsFile` any host key will do, as it must before the node has its own.
 */
export function overSsh(
  target: SshTarget,
  line: string,
  options: { stdin?: string; timeoutMs?: number } = {},
): Promise<Outcome> {
  const { address, port, user, identityFile, knownHostsFile } = target;
  const settings = [
    `Port=${port}`,
    `User=${user}`,
    `IdentityFile=${identityFile}`,
    "IdentitiesOnly=yes",
    "BatchMode=yes",
    "LogLevel=ERROR",
    `UserKnownHostsFile=${knownHostsFile ?? "/dev/null"}`,
    `StrictHostKeyChecking=${knownHostsFile ? "yes" : "no"}`,
    // OpenSSH's favourite key exchange takes an emulated processor a second longer.
    "KexAlgorithms=curve25519-sha256",
  ];
  const limit = ["timeout", String((options.timeoutMs ?? 60_000) / 1000)];
  const ssh = ["ssh", "-F", "none", ...settings.map((setting) => `-o${setting}`), address, line];
  return run([...limit, ...ssh], { stdin: options.stdin });
}

/** One shell line that runs `argv` word for word. */
export function shellLine(argv: readonly string[]): string {
  return argv.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
}
