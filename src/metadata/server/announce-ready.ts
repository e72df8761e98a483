/**
 * Tells systemd that the service answers (sd_notify(3)); nothing where nobody waits for it. Bun has no datagram sockets of the unix
 * kind, so systemd's own tool does it: the unit needs NotifyAccess=all.
 */
export async function announceReady(env: Readonly<Record<string, string | undefined>>): Promise<void> {
  if (env.NOTIFY_SOCKET === undefined) return;
  await Bun.spawn(["systemd-notify", "--ready"], { env, stdin: "ignore", stdout: "ignore" }).exited;
}
