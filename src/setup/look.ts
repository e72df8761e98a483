import { type Command, repeatable } from "../command.ts";
import type { NodeConfig } from "../config/cluster-config.ts";
import { isModularScript } from "../libvirt/bring-up.ts";
import { guestFilterFile } from "../libvirt/nwfilter.ts";
import {
  binaryPath,
  metadataAddress,
  metadataPort,
  redisSocket,
  serviceUser,
} from "../metadata/service-paths.ts";
import { folders } from "./folders.ts";
import { serviceFilePaths, serviceUnits } from "./service-files.ts";

/** By the names that every distribution gives them; QEMU's own has more than one. */
export const programs = [
  "virsh",
  "qemu-system-x86_64",
  "qemu-img",
  "redis-server",
  "redis-cli",
  "nft",
  "ip",
  "flock",
  "curl",
  "xz",
  "zstd",
];

/** For firewalld's zone of libvirt's bridges, which else lets guests ask the node for DHCP and DNS alone. */
export const firewallRule = `rule family="ipv4" destination address="${metadataAddress}" port port="${metadataPort}" protocol="tcp" accept`;

/** libvirtd sleeps between calls; on a small machine it takes a while to wake up. */
const LOOK_MS = 60_000;

const systemScript = `
echo "clock $(date +%s%3N)"
echo "machine $(uname -m)"
echo "user $(id -u)"
(. /etc/os-release && echo "ids $ID $ID_LIKE" && echo "title $PRETTY_NAME")
[ -d /run/systemd/system ] && echo "systemd yes"
for program in ${programs.join(" ")} $([ -z "$pool" ] || echo zfs); do
  command -v "$program" >/dev/null && continue
  [ "$program" = qemu-system-x86_64 ] && [ -x /usr/libexec/qemu-kvm ] && continue
  echo "missing $program"
done
if [ ! -e /dev/kvm ]; then echo "kvm absent"
elif [ -r /dev/kvm ] && [ -w /dev/kvm ]; then echo "kvm usable"
else echo "kvm denied"; fi
id ${serviceUser} >/dev/null 2>&1 && echo "account ${serviceUser}"
stat -c 'file %a %U %n' "$@"
sha256sum ${binaryPath} ${serviceFilePaths.join(" ")} | sed 's/^/digest /'`;

const libvirtScript = `
if ${isModularScript}; then echo "libvirt modular"; fi
for socket in libvirt-sock virtqemud-sock virtlogd-sock; do
  [ -S "/run/libvirt/$socket" ] && echo "socket $socket"
done
[ -e ${guestFilterFile} ] && echo "filter yes"
virsh -q -c "$uri" version | sed 's/^/virsh /'
if [ -n "$network" ] && xml=$(virsh -q -c "$uri" net-dumpxml --inactive "$network"); then
  case $xml in *"<bridge name='"*) bridge=\${xml#*<bridge name=\\'}; bridge=\${bridge%%\\'*} ;; esac
  has() { virsh -q -c "$uri" net-list --name "$@" | grep -qxF -e "$network" && echo "$word"; }
  echo "network $(word=active; has) $(word=autostart; has --all --autostart)"
fi`;

const serviceScript = `
[ -z "$bridge" ] || [ -z "$network" ] && [ ! -d "/sys/class/net/$bridge/bridge" ] || echo "bridge $bridge"
ip -4 -o address show dev waifu-md up | grep -q ' ${metadataAddress}/32 ' && echo "address yes"
nft list chain inet waifu asked | grep -qF "\\"$bridge\\"" && nft list chain inet waifu input | grep -q jump && echo "table yes"
nft list ruleset | awk '
  /^table/ { table = $3 }
  /hook input .*policy drop/ && table != "waifu" { drops = 1 }
  /${metadataAddress.replaceAll(".", "[.]")}.* accept/ { knows = 1 }
  END { if (drops && !knows) print "blocked yes" }'
redis=$(redis-cli -s ${redisSocket} info persistence | tr -d '\\r')
case $redis in *aof_enabled*)
  echo "redis $(echo "$redis" | sed -n 's/^aof_enabled://p') $(echo "$redis" | sed -n 's/^aof_last_write_status://p')" ;;
esac
echo "answer $(curl -s -o /dev/null -m 5 -w '%{http_code}' http://${metadataAddress}:${metadataPort}/)"
systemctl show -p Id,ActiveState,UnitFileState ${serviceUnits.join(" ")} \\
  libvirtd.service virtqemud.service | sed 's/^/unit /'
if systemctl is-active --quiet firewalld; then
  echo "firewalld running"
  firewall-cmd --get-zones | grep -qw libvirt && echo "firewalld zone"
  firewall-cmd --zone=libvirt --query-rich-rule='${firewallRule}' >&2 && echo "firewalld rule"
fi`;

/** Of a folder that is not there yet, the file system where it will be. */
const spaceScript = `
if [ -n "$pool" ]; then
  zfs version | sed 's/^/zfs /'
  zfs list -H -o name "$pool" "$pool/waifu/templates" "$pool/waifu/instances" | sed 's/^/dataset /'
  echo "space $(zfs list -Hp -o available,used "$pool" | awk '{ print $1, $1 + $2 }')"
else
  while [ ! -d "$folder" ]; do folder=\${folder%/*}; folder=\${folder:-/}; done
  echo "space $(df -B1 --output=avail,size "$folder" | tail -n 1)"
fi`;

const script = `
exec 2>/dev/null
uri=$1 network=$2 bridge=$3 pool=$4 folder=$5
shift 5
${systemScript}
${libvirtScript}
${serviceScript}
${spaceScript}
exit 0`;

/** Reads all that `parseMachine` tells, and changes nothing. */
export function lookAtMachine(node: NodeConfig): Command {
  const { storage, network } = node;
  const where = [
    node.libvirtUri,
    network.kind === "network" ? network.name : "",
    network.kind === "bridge" ? network.name : "",
    storage.kind === "zfs" ? storage.pool : "",
    storage.kind === "dir" ? storage.path : "",
  ];
  const paths = [
    ...folders(node).map(({ path }) => path),
    binaryPath,
    `${binaryPath}.previous`,
    ...serviceFilePaths,
  ];
  return repeatable(["sh", "-c", script, "sh", ...where, ...paths], { timeoutMs: LOOK_MS });
}
