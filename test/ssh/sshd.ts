import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { SshTarget } from "../../src/config/cluster-config.ts";
import { Dialer, type DialerOptions } from "../../src/ssh/dialer.ts";
import { operatorFrom } from "../../src/ssh/target.ts";

export type KeyType = "ed25519" | "rsa" | "ecdsa";

/** A folder for one test file, with a home and an ordinary key that every server here lets in. */
export type Workshop = {
  readonly folder: string;
  readonly home: string;
  readonly identityFile: string;
  /** Makes a key pair and gives its path. */
  makeKey(name: string, type: KeyType, passphrase?: string): string;
  authorize(keyPath: string): void;
  dialer(options?: Partial<DialerOptions>): Dialer;
  remove(): void;
};

export function openWorkshop(): Workshop {
  const folder = mkdtempSync(join(tmpdir(), "waifuctl-ssh-"));
  const home = join(folder, "home");
  mkdirSync(join(home, ".ssh"), { recursive: true });
  const authorized = join(folder, "authorized_keys");
  const makeKey = (name: string, type: KeyType, passphrase = ""): string => {
    const path = join(folder, name);
    execFileSync("ssh-keygen", ["-q", "-t", type, "-N", passphrase, "-C", name, "-a", "1", "-f", path]);
    return path;
  };
  const authorize = (keyPath: string): void =>
    writeFileSync(authorized, readFileSync(`${keyPath}.pub`), { flag: "a", mode: 0o600 });
  const identityFile = makeKey("operator", "ed25519");
  authorize(identityFile);
  return {
    folder,
    home,
    identityFile,
    makeKey,
    authorize,
    dialer: (options) =>
      new Dialer({ operator: { home, user: operatorFrom(process.env).user }, timeoutMs: 5_000, ...options }),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

export type Sshd = {
  readonly port: number;
  /** `TYPE BASE64` of its first host key. */
  readonly hostKey: string;
  /** How to log in to it with the ordinary key. */
  readonly target: SshTarget;
  readonly pid: number;
  stop(): Promise<void>;
};

/** A real sshd of its own on a free loopback port. */
export async function startSshd(
  workshop: Workshop,
  { hostKeyTypes = ["ed25519"], options = [] }: { hostKeyTypes?: KeyType[]; options?: string[] } = {},
): Promise<Sshd> {
  // sshd's privilege separation folder, which systemd makes on a whole machine.
  mkdirSync("/run/sshd", { recursive: true, mode: 0o755 });
  const port = await freePort();
  const hostKeys = hostKeyTypes.map((type) => workshop.makeKey(`host-${port}-${type}`, type));
  // The first value of a setting counts.
  const settings = [
    ...options,
    `Port=${port}`,
    // bash sources ~/.bashrc for remote commands too: whatever stands in the tester's own is no part of the test.
    `SetEnv=HOME=${workshop.home}`,
    "ListenAddress=127.0.0.1",
    "PidFile=none",
    "StrictModes=no",
    "UsePAM=no",
    "PasswordAuthentication=no",
    "KbdInteractiveAuthentication=no",
    `AuthorizedKeysFile=${join(workshop.folder, "authorized_keys")}`,
    ...hostKeys.map((path) => `HostKey=${path}`),
  ];
  const child = spawn(
    "/usr/sbin/sshd",
    ["-D", "-e", "-f", "/dev/null", ...settings.flatMap((line) => ["-o", line])],
    {
      stdio: ["ignore", "ignore", "pipe"],
    },
  );
  const said: string[] = [];
  await new Promise<void>((resolve, reject) => {
    const log = createInterface({ input: child.stderr });
    log.on("line", (line) => {
      said.push(line);
      if (line.startsWith("Server listening")) resolve();
    });
    child.once("exit", () => reject(new Error(`sshd did not start:\n${said.join("\n")}`)));
  });
  const [type, base64] = readFileSync(`${hostKeys[0]}.pub`, "utf8").split(" ");
  const hostKey = `${type} ${base64}`;
  return {
    port,
    hostKey,
    target: { address: "127.0.0.1", port, identityFile: workshop.identityFile, hostKey },
    pid: child.pid ?? 0,
    stop: async () => {
      if (child.exitCode !== null) return;
      const exited = once(child, "exit");
      child.kill();
      await exited;
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no free port");
  return address.port;
}
