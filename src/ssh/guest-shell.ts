import type { Duplex } from "node:stream";
import type { ClientChannel } from "ssh2";
import { WaifuError } from "../errors.ts";
import { authAttempts } from "./auth-attempts.ts";
import { toConnectError } from "./connect-errors.ts";
import type { Dialer } from "./dialer.ts";
import { handshake } from "./handshake.ts";
import type { HostKey } from "./host-key.ts";
import { toPty, toRemoteProcess } from "./remote-process.ts";
import type { RemoteProcess, TerminalSize } from "./runner.ts";
import { credentialsOf } from "./target.ts";

export type GuestLogin = {
  /** To the guest's sshd, as `Runner.forward` gives it. */
  readonly stream: Duplex;
  readonly instance: string;
  readonly user: string;
  /** Undefined: the agent and the operator's usual keys. */
  readonly identityFile?: string;
  /** Throws unless the key is the guest's. */
  readonly checkHostKey: (key: HostKey) => void;
  /** Words that the guest's shell reads as one line, as with `ssh HOST WORDS…`. Undefined: a login shell. */
  readonly command?: readonly string[];
  readonly terminal?: TerminalSize;
};

/** Logs in to a guest and starts a program there. The stream is closed when the program ends. */
export async function openGuestShell(dialer: Dialer, login: GuestLogin): Promise<RemoteProcess> {
  const { instance, user, command, terminal } = login;
  const tried: string[] = [];
  const credentials = credentialsOf(
    dialer.operator,
    login.identityFile === undefined ? undefined : [login.identityFile],
  );
  const client = await handshake(login.stream, {
    user,
    recordedTypes: [],
    checkHostKey: login.checkHostKey,
    attempts: authAttempts(user, credentials, dialer.keyring, tried),
    timeoutMs: dialer.handshakeMs,
  }).catch((error) => {
    throw toConnectError(error, { name: `instance "${instance}" (as ${user})` }, [], tried);
  });
  const channel = await new Promise<ClientChannel>((resolve, reject) => {
    const onOpen = (error: Error | undefined, opened: ClientChannel): void =>
      error ? reject(error) : resolve(opened);
    const pty = terminal && toPty(terminal);
    if (command) client.exec(command.join(" "), pty ? { pty } : {}, onOpen);
    else client.shell(pty ?? false, onOpen);
  }).catch((cause) => {
    client.destroy();
    throw new WaifuError("remote-failed", `instance "${instance}" opens no session`, { instance, cause });
  });
  const guest = toRemoteProcess(client, channel, instance);
  const hangUp = (): void => void client.end();
  channel.once("close", hangUp);
  return guest;
}
