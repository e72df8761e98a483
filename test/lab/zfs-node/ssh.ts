import { LabError, type Outcome, run } from "../run.ts";

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

/**
 * The same on a node that may still be booting: tries for `limitMs` to reach it, a minute at a time, and throws if the
 * line fails. The line must be repeatable.
 */
export async function overSshOnceUp(
  target: SshTarget,
  line: () => string,
  limitMs: number,
  stdin?: string,
): Promise<void> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const { exitCode, stdout, stderr } = await overSsh(target, line(), { stdin });
    if (exitCode === 0) return;
    const isUnreached = exitCode === 255 || exitCode === 124;
    if (!isUnreached || Date.now() > deadline)
      throw new LabError(`${line()}: exit ${exitCode} on port ${target.port}\n${stdout}${stderr}`);
    await Bun.sleep(300);
  }
}

/** One shell line that runs `argv` word for word. */
export function shellLine(argv: readonly string[]): string {
  return argv.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
}
