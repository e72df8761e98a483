import { type Command, repeatable } from "../command.ts";
import type { NodeConfig } from "../config/cluster-config.ts";
import { consoleLogPath } from "../libvirt/domain-xml.ts";
import { restoredField } from "../metadata/seed-record.ts";
import { metricsAddress, metricsPort, redisSocket, seedCopyFolder } from "../metadata/service-paths.ts";
import { imagePath, seedPath } from "../storage/node-files.ts";

const folderOf = (path: string) => path.slice(0, path.lastIndexOf("/"));
const seeds = folderOf(seedPath(""));
const [images, logs] = [folderOf(imagePath("")), folderOf(consoleLogPath(""))];

const serviceUnit = "/etc/systemd/system/waifu-metadata.service";

/** All of ours at one moment. */
const keysScript = `
local found = {'up'}
for _, key in ipairs(redis.call('KEYS', 'waifu:*')) do
  local kind, uuid = key:match('^waifu:(%a+):(.+)$')
  if kind == 'seed' then
    local gone = redis.call('HEXISTS', key, 'deleted') == 1
    local generation = gone and 'deleted' or redis.call('HGET', key, 'generation') or 'damaged'
    found[#found + 1] = 'seed ' .. uuid .. ' ' .. generation
    if redis.call('HEXISTS', key, '${restoredField}') == 1 then found[#found + 1] = 'restored ' .. uuid end
  elseif kind then
    found[#found + 1] = kind .. ' ' .. uuid
  end
end
return found`;

/** What is being written, until it gets its name. */
const temporary = "\\( -name '*.new' -o -name '*.part' -o -name '*.unpacked' \\)";

/** In a history, however old the waifuctl that wrote it, and on a seed's disk. */
const generations = `"current":\\{"generation":[0-9]+|"generation":[0-9]+\\},"earlier"|instance-id: [0-9a-f-]+-g[0-9]+`;
const figures = "^  <(uuid>|memory |vcpu[ >]).*|^      <mac address=.*";

/**
 * Constant text; its paths are ours, or arguments. Who holds a temporary file open is asked only where there is an old one. libvirt keeps
 * definitions one element a line, where virsh would take a call for each. The service tells its version with Redis down too.
 */
const script = `
exec 2>/dev/null
uri=$1 socket=$2 keys=$3 unit=$4 metrics=$5 templates=$6 instances=$7
files=$(
  find ${seeds} ${seedCopyFolder} ${images} ${logs} \${templates:+"$templates" "$instances"} -maxdepth 1 -type f \\
    \\( -path '${seeds}/*' -o -path '${seedCopyFolder}/*' -o -name '*.console.log*' -o ${temporary} \\) \\
    -printf 'file %p\\n' ${temporary} -mmin +1440 -printf 'old %p\\n'
)
printf '%s\\n' "$files"
case $files in
*'
old '*) ls -l /proc/[0-9]*/fd | grep -oF -e "$(printf '%s\\n' "$files" | sed -n 's/^old //p')" | sed 's/^/held /' ;;
esac
for lock in /run/lock/waifu-*.lock /run/lock/waifu-*.work; do
  [ ! -e "$lock" ] || flock -n "$lock" true || echo "busy $lock"
done
case $uri in *:///system) definitions=/etc/libvirt/qemu ;; *) definitions=/nowhere ;; esac
grep -aoHE '${generations}|${figures}' ${seeds}/*.json ${seeds}/*.img "$definitions"/*.xml
if [ -e "$unit" ] || [ -S "$socket" ]; then
  said=$(redis-cli -s "$socket" EVAL "$keys" 0)
  case $said in up*) printf '%s\\n' "$said" | sed 's/^/redis /' ;; *) echo 'redis down' ;; esac
fi
if [ -e "$unit" ]; then
  if said=$(curl -fs -m 5 "$metrics"); then
    echo "service up $(printf '%s\\n' "$said" | sed -n 's/^waifu_metadata_info{version="\\(.*\\)"} 1$/\\1/p')"
  else echo 'service down'; fi
fi
exit 0`;

/** Reads what `probeNode` does not: files, Redis, definitions and the metadata service. Meant for the same round trip. */
export function readTraces({ storage, libvirtUri }: NodeConfig): Command {
  const places = storage.kind === "dir" ? [`${storage.path}/templates`, `${storage.path}/instances`] : [];
  const metrics = `http://${metricsAddress}:${metricsPort}/metrics`;
  const words = [libvirtUri, redisSocket, keysScript, serviceUnit, metrics, ...places];
  return repeatable(["sh", "-c", script, "sh", ...words], { timeoutMs: 60_000 });
}
