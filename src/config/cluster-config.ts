/** cluster.toml, checked, with every default filled in. Sizes are bytes, ratios plain numbers. */
export type ClusterConfig = {
  /** Absolute path of the file it was read from. */
  readonly path: string;
  /** Absolute path of the SQLite file beside the operator. */
  readonly statePath: string;
  /** Absolute path of the operator's own catalog of templates. */
  readonly catalogPath?: string;
  readonly defaults: InstanceDefaults;
  readonly nodes: readonly NodeConfig[];
};

/** What `create` takes when the command line is silent. */
export type InstanceDefaults = {
  readonly template?: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly diskBytes: number;
  /** Public key file given to the `waifu` user; undefined means the first of ~/.ssh/id_*.pub or the agent's. */
  readonly sshKeyFile?: string;
  readonly userDataFile?: string;
};

export type NodeConfig = {
  readonly name: string;
  /** Undefined: this very machine, without SSH. */
  readonly ssh?: SshTarget;
  /** Prefix for commands that need root. */
  readonly become?: "sudo";
  readonly labels: Readonly<Record<string, string>>;
  readonly storage: StorageConfig;
  readonly network: NetworkConfig;
  readonly libvirtUri: string;
  /** Memory that may be promised, as a multiple of what the node has. */
  readonly memoryOvercommit: number;
  readonly cpuOvercommit: number;
};

/** As written in cluster.toml; ~/.ssh/config fills what is undefined when the connection is made. */
export type SshTarget = {
  /** Host name, address, or a Host alias of ~/.ssh/config. */
  readonly address: string;
  readonly port?: number;
  readonly user?: string;
  readonly identityFile?: string;
  /** A Host alias or [user@]host[:port]. */
  readonly jumpHost?: string;
  /** `TYPE BASE64`, as ssh-keyscan prints it. Replaces known_hosts for this node. */
  readonly hostKey?: string;
};

export type StorageConfig =
  | { readonly kind: "zfs"; readonly pool: string }
  | { readonly kind: "dir"; readonly path: string };

export type NetworkConfig =
  | { readonly kind: "network"; readonly name: string }
  | { readonly kind: "bridge"; readonly name: string };
