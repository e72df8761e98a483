import { type Command, repeatable } from "../command.ts";
import type { NodeConfig } from "../config/cluster-config.ts";
import type { Runner } from "../ssh/runner.ts";
import { type NodeFacts, parseFacts, readFacts } from "./facts.ts";

/** What a machine offers to whoever describes it as a node. */
export type Found = {
  readonly facts: NodeFacts;
  readonly isRoot: boolean;
  /** How it was looked at as root. */
  readonly become?: "sudo";
  /** Imported ZFS pools. */
  readonly pools: readonly string[];
  /** libvirt networks, on or off. */
  readonly networks: readonly string[];
  /** Bridges that people made. */
  readonly bridges: readonly string[];
  /** Programs that waifuctl runs there and that are not installed. */
  readonly missing: readonly string[];
};

const lookScript = `
if [ "$(id -u)" = 0 ]; then echo 'right root'; elif sudo -n true 2>/dev/null; then echo 'right sudo'; fi
zpool list -H -o name 2>/dev/null | sed 's/^/pool /'
virsh -q -c "$1" net-list --all --name 2>/dev/null | sed -n 's/^./network &/p'
for bridge in /sys/class/net/*/bridge; do
  bridge=\${bridge%/bridge}
  [ -d "$bridge/bridge" ] && echo "bridge \${bridge##*/}"
done
shift
for program; do command -v "$program" >/dev/null || echo "missing $program"; done`;

/** Whoever looks first may wait for libvirtd to wake up. */
const LOOK_MS = 60_000;

const needed = ["virsh", "qemu-img", "flock", "curl"];

/** libvirt's and Docker's own: no place for guests. */
const SOMEBODY_ELSES = /^(virbr\d+|docker\d+|br-[0-9a-f]{12})$/;

/**
 * Looks at a machine in one round trip; in a second one as root, where the login is not root but may use sudo without a
 * password. Changes nothing there. Throws as `connect` does.
 */
export async function discover(
  connect: (node: NodeConfig) => Promise<Runner>,
  node: NodeConfig,
  signal?: AbortSignal,
): Promise<Found> {
  const runner = await connect(node);
  const [facts, look] = await runner
    .runAll([readFacts(), lookAround(node.libvirtUri)], signal)
    .finally(() => runner.close());
  const values = valuesByKind(look?.stdout ?? "");
  const [right] = values("right");
  if (right === "sudo" && node.become === undefined)
    return discover(connect, { ...node, become: "sudo" }, signal);
  return {
    facts: parseFacts(facts?.stdout ?? ""),
    isRoot: right === "root",
    become: node.become,
    pools: values("pool"),
    networks: values("network"),
    bridges: values("bridge").filter((name) => !SOMEBODY_ELSES.test(name)),
    missing: values("missing"),
  };
}

/** Reads what a machine offers, as lines `KIND VALUE`. */
export function lookAround(uri: string): Command {
  return repeatable(["sh", "-c", lookScript, "sh", uri, ...needed], { timeoutMs: LOOK_MS });
}

function valuesByKind(text: string): (kind: string) => string[] {
  const lines = text.split("\n");
  return (kind) =>
    lines.filter((line) => line.startsWith(`${kind} `)).map((line) => line.slice(kind.length + 1).trim());
}
