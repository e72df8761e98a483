import { homedir, userInfo } from "node:os";
import { join } from "node:path";
import type { SshTarget } from "../config/cluster-config.ts";
import { WaifuError } from "../errors.ts";
import type { Credentials } from "./auth-attempts.ts";
import type { HostOptions, SshConfigFile } from "./ssh-config-file.ts";

/** The operator, as far as SSH is concerned. */
export type Operator = {
  /** Undefined under cron and the like: then there are no default keys and no known_hosts. */
  readonly home?: string;
  readonly user: string;
  readonly agentSocket?: string;
};

/** The operator from the environment of this process. */
export function operatorFrom(env: Readonly<Record<string, string | undefined>>): Operator {
  // Bun's userInfo() repeats $USER and says "unknown" without it, as under a bare systemd unit.
  const fallback = process.getuid?.() === 0 ? "root" : userInfo().username;
  return { home: env.HOME, user: env.USER ?? env.LOGNAME ?? fallback, agentSocket: env.SSH_AUTH_SOCK };
}

/** Where to connect and with what: cluster.toml first, then ~/.ssh/config, then ssh's defaults. */
export type Target = {
  /** As the user wrote it. */
  readonly alias: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly credentials: Credentials;
  /** Hosts to pass through, the nearest first. */
  readonly jumps: readonly SshTarget[];
  /** The first one is written to. */
  readonly knownHostsFiles: readonly string[];
  /** `TYPE BASE64`; replaces known_hosts. */
  readonly pinnedHostKey: string | undefined;
};

/** Throws `config` for what ~/.ssh/config asks and we can't do. */
export function resolveTarget(wanted: SshTarget, file: SshConfigFile, operator: Operator): Target {
  const options = file.optionsFor(wanted.address, wanted.user);
  const first = (key: string): string | undefined => options[key]?.[0];
  const jump = wanted.jumpHost ?? first("proxyjump");
  if (jump === undefined) refuseProxyCommand(wanted.address, options);

  const user = wanted.user ?? first("user") ?? operator.user;
  const port = wanted.port ?? Number(first("port") ?? 22);
  const host = (first("hostname") ?? wanted.address).replaceAll("%h", wanted.address);
  const expand = (path: string): string =>
    expandPath(
      path,
      { h: host, n: wanted.address, p: String(port), r: user, u: operator.user },
      operator.home,
    );
  const named = wanted.identityFile !== undefined ? [wanted.identityFile] : options.identityfile;
  return {
    alias: wanted.address,
    host,
    port,
    user,
    credentials: {
      ...credentialsOf(operator, named?.filter((path) => path !== "none").map(expand)),
      agentSocket: agentSocket(first("identityagent"), operator.agentSocket, expand),
      isAgentLimitedToFiles: first("identitiesonly")?.toLowerCase() === "yes",
    },
    jumps: parseJumps(jump),
    knownHostsFiles: knownHostsFiles(options, operator.home).map(expand),
    pinnedHostKey: wanted.hostKey,
  };
}

/** What the operator has to show: the agent, and the named key files or the usual ones. */
export function credentialsOf({ home, agentSocket }: Operator, named?: readonly string[]): Credentials {
  const usual =
    home === undefined ? [] : ["id_ed25519", "id_ecdsa", "id_rsa"].map((name) => join(home, ".ssh", name));
  return {
    agentSocket,
    isAgentLimitedToFiles: false,
    identityFiles: named ?? usual,
    areFilesNamed: named !== undefined,
  };
}

function agentSocket(
  asked: string | undefined,
  inherited: string | undefined,
  expand: (path: string) => string,
): string | undefined {
  if (asked === undefined || asked === "SSH_AUTH_SOCK") return inherited;
  return asked === "none" ? undefined : expand(asked);
}

function knownHostsFiles(options: HostOptions, home: string | undefined): readonly string[] {
  const users = options.userknownhostsfile ?? (home === undefined ? [] : [join(home, ".ssh", "known_hosts")]);
  const everyones = options.globalknownhostsfile ?? ["/etc/ssh/ssh_known_hosts"];
  return [...users, ...everyones].filter((path) => path !== "none");
}

/** `[user@]host[:port]`, comma-separated, as ssh -J takes it. */
export function parseJumps(text: string | undefined): SshTarget[] {
  if (text === undefined || text.toLowerCase() === "none") return [];
  return text.split(",").map((hop) => {
    const [, user, bracketed, plain, port] =
      hop.trim().match(/^(?:ssh:\/\/)?(?:([^@]+)@)?(?:\[([^\]]+)\]|([^:@[\]]+))(?::(\d+))?\/?$/) ?? [];
    const address = bracketed ?? plain;
    if (!address) throw new WaifuError("config", `"${hop}" is no jump host: write [user@]host[:port]`);
    return { address, user, port: port === undefined ? undefined : Number(port) };
  });
}

function refuseProxyCommand(alias: string, options: HostOptions): void {
  const command = options.proxycommand?.join(" ");
  if (command === undefined || command.toLowerCase() === "none") return;
  throw new WaifuError(
    "config",
    `~/.ssh/config reaches ${alias} through a ProxyCommand, which waifuctl does not run`,
    {
      hint: "Use ProxyJump there, or set jump_host in cluster.toml.",
    },
  );
}

/** ssh_config(5), TOKENS. */
function expandPath(
  path: string,
  tokens: Readonly<Record<string, string>>,
  home: string | undefined,
): string {
  const withHome = path.replace(/^~(?=\/)/, () => home ?? homedir());
  return withHome.replace(/%([%a-z])/g, (whole, token: string) => {
    if (token === "%") return "%";
    if (token === "d") return home ?? homedir();
    return tokens[token] ?? whole;
  });
}
