import type { Outcome } from "./run.ts";

/** A node of either kind. */
type Machine = { exec(argv: string[]): Promise<Outcome> };

/** What waifuctl left on a node, by kind; a finished template is meant to stay with its image, and does not count. */
export type Traces = Readonly<Record<string, readonly string[]>>;

/**
 * A line `KIND THING` each. Nothing is asked of waifuctl's own code: what it forgets, this still sees. Its own processes
 * are left out, whose command lines hold this text.
 */
const lookScript = `
virsh -q list --all --name | sed -n 's/./domain &/p'
find /etc/libvirt/qemu -name '*.xml' ! -path '*/networks/*' -printf 'definition %p\\n'
virsh -q 'net-dumpxml default; net-dumpxml --inactive default' | sed -n 's/^ *<host /reservation /p'
sed 's/^/promise /' /var/lib/libvirt/dnsmasq/default.hostsfile
find /var/log/libvirt/qemu -name '*.console.log*' -printf 'console %f\\n'
is_template() {
  [ -e "/var/lib/waifu/templates/$1.json" ] || [ "$(zfs list -H -o waifu:digest "tank/waifu/templates/$1" 2>&1)" = "$1" ]
}
find /var/lib/waifu -type f | while read -r file; do
  name=\${file##*/}
  case $file in
  /var/lib/waifu/templates/*) is_template "\${name%.*}" && continue ;;
  /var/lib/waifu/images/*) is_template "$name" && continue ;;
  esac
  echo "file $file"
done
if command -v zfs >/dev/null; then
  zfs list -H -o name,waifu:digest -s name -t all | while read -r name digest; do
    case $name in
    tank | tank/waifu | tank/waifu/templates | tank/waifu/instances) continue ;;
    tank/waifu/templates/*) [ "$digest" != - ] && continue ;;
    esac
    echo "dataset $name"
  done
fi
redis=/run/waifu-redis/redis.sock
[ ! -S "$redis" ] || redis-cli -s "$redis" --scan --pattern 'waifu:*' | while read -r key; do
  # Of a seed that is gone a tombstone is meant to stay.
  [ "$(redis-cli -s "$redis" HEXISTS "$key" deleted 2>&1)" = 1 ] || echo "key $key"
done
[ ! -d /var/lib/waifu-metadata ] || find /var/lib/waifu-metadata -type f -printf 'copy %p\\n'
for lock in /run/lock/waifu*.lock; do
  [ ! -e "$lock" ] || flock -n "$lock" true || echo "lock $lock is held"
done
ps -ww -e -o args= | while read -r line; do
  case $line in
  *"look for what is left"*) ;;
  */run/lock/waifu* | */var/lib/waifu* | */tank/waifu*) echo "process $line" ;;
  esac
done
`;

export async function traces(node: Machine): Promise<Traces> {
  const { exitCode, stdout, stderr } = await node.exec(["sh", "-c", lookScript, "look for what is left"]);
  if (exitCode !== 0) throw new Error(`can't look for traces: ${stderr}`);
  const found: Record<string, string[]> = {};
  for (const line of stdout.split("\n").filter((text) => text !== "")) {
    const [kind = "", ...thing] = line.split(" ");
    found[kind] = [...(found[kind] ?? []), thing.join(" ")];
  }
  return found;
}

/** Of several nodes at once, each in its place. */
export function tracesOf(nodes: readonly Machine[]): Promise<Traces[]> {
  return Promise.all(nodes.map(traces));
}
