import { Database } from "bun:sqlite";
import { join } from "node:path";
import { traces } from "../traces.ts";
import type { Machine } from "./gate.ts";

/**
 * What traces don't tell: how far each thing is. Lines, as `traces` has them. First the metadata service gets the time that it takes to keep
 * up with Redis.
 */
const lookScript = `
redis=/run/waifu-redis/redis.sock copies=/var/lib/waifu-metadata/seeds
in_redis() {
  redis-cli -s "$redis" EVAL "local found = {}
    for _, key in ipairs(redis.call('KEYS', 'waifu:seed:*')) do
      local generation = redis.call('HGET', key, 'generation')
      if generation then found[#found + 1] = 'seed of ' .. key:sub(12) .. ': generation ' .. generation end
    end
    return found" 0 | grep . | sort
}
in_copies() {
  for copy in "$copies"/*.seed; do
    [ ! -e "$copy" ] || echo "seed of $(basename "$copy" .seed): generation $(sed -n 's/.*"generation":"\\([^"]*\\)".*/\\1/p' "$copy" | base64 -d)"
  done | sort
}
if [ -S "$redis" ]; then
  for _ in $(seq 50); do
    ! systemctl -q is-active waifu-metadata || [ "$(in_redis)" != "$(in_copies)" ] || break
    sleep 0.1
  done
  in_redis | sed 's/^/in Redis: /'
  in_copies | sed 's/^/copied: /'
  redis-cli -s "$redis" --scan --pattern 'waifu:secrets:*' | while read -r key; do
    echo "$key: $(redis-cli -s "$redis" HKEYS "$key" | sort | paste -sd' ')"
  done
fi
if [ -d /run/systemd/system ]; then
  for unit in waifu-md waifu-redis waifu-metadata; do
    echo "$unit is $(systemctl is-active "$unit") and $(systemctl is-enabled "$unit" 2>/dev/null)"
  done
  echo "libvirtd is $(systemctl is-enabled libvirtd); $(virsh -q net-info default | grep Autostart)"
  find /etc/waifu /etc/systemd/system/waifu-* /etc/systemd/system/nftables.service.d /usr/local/lib/waifu \\
    -type f ! -name '*.previous' -printf 'setup %p %m %u %s\\n' 2>/dev/null
  ! nft list table inet waifu >/dev/null 2>&1 || echo 'setup table inet waifu'
  ip -o address show dev waifu-md 2>/dev/null | grep -o 'inet [^ ]*'
fi
for uuid in $(virsh -q list --all --uuid); do
  state=$(virsh -q dominfo "$uuid" | sed -n 's/^\\(State\\|Autostart\\): *//p' | paste -sd,)
  xml=$(virsh -q dumpxml --inactive "$uuid")
  size=$(echo "$xml" | sed -n 's,^  <\\(memory\\|vcpu\\)[^>]*>\\([0-9]*\\)<.*,\\1 \\2,p' | paste -sd' ')
  spec=$(echo "$xml" | sed -n '/urn:waifu:1/{s/&quot;/"/g;p}')
  told=$(echo "$spec" | grep -o '"\\(generation\\|power\\|role\\)":[^,}]*' | sort | paste -sd' ')
  echo "$uuid: $state, $size, $told"
done
for history in /var/lib/waifu/seeds/*.json; do
  [ ! -e "$history" ] || echo "$history: $(grep -o '"current":{"generation":[0-9]*' "$history")"
done
for disk in /var/lib/waifu/instances/*.qcow2; do
  [ -e "$disk" ] || continue
  qemu-img map -U --output=json "$disk" | grep -q '"depth": 0,.*"data": true' && echo "$disk: written" || echo "$disk: fresh"
done
for ready in /var/lib/waifu/templates/*.json; do
  [ ! -e "$ready" ] || echo "template $(basename "$ready" .json)"
done
if command -v zfs >/dev/null; then
  zfs get -Hp -t volume -r -o name,value written@init tank/waifu/instances | while read -r name written; do
    [ "$written" -gt 0 ] && echo "$name: written" || echo "$name: fresh"
  done
  zfs list -H -o waifu:digest -t volume -r tank/waifu/templates | sed 's/^/template /'
fi
find /run/lock /tmp /var/tmp -name 'waifu*' ! -name '*.lock' ! -name '*.work' ! -name '*.work.log'
exit 0`;

/** All that there is on a node, and how it is, in lines. */
export async function lookAt(node: Machine): Promise<string[]> {
  const looked = await node.exec(["sh", "-c", lookScript]);
  if (looked.exitCode !== 0) throw new Error(`can't look at ${node.name}: ${looked.stderr}`);
  const left = await traces(node);
  const lines = Object.entries(left).flatMap(([kind, things]) => things.map((thing) => `${kind} ${thing}`));
  // What libvirt promises now and what it will after its next start are told apart by nobody: a restart makes them one.
  const told = [...lines, ...looked.stdout.trim().split("\n")].map((line) =>
    line.replace(/^(process).* guest=([^,]*).*/, "$1 $2"),
  );
  return [...new Set(told)].sort();
}

/**
 * The same with what an operator's state says of it, and without what differs between two runs of the same verb. A finished template is in
 * nobody's way: it counts only where it is what the verb is about.
 */
export async function standing(
  node: Machine,
  home: string,
  { keeper, isAboutTemplates }: { readonly keeper: Keeper; readonly isAboutTemplates: boolean },
): Promise<string> {
  const lines = [...(await lookAt(node)), ...openRows(home)];
  return lines
    .filter((line) => isAboutTemplates || !line.startsWith("template "))
    .map((line) => masked(line, keeper))
    .sort()
    .join("\n");
}

/** An instance that every verb has to leave alone. */
export type Keeper = { readonly uuid: string; readonly mac: string };

function openRows(home: string): string[] {
  const database = new Database(join(home, "state.db"), { readonly: true });
  try {
    return database
      .query<{ verb: string }, []>("SELECT verb FROM journal WHERE outcome = 'running'")
      .all()
      .map(({ verb }) => `journal: ${verb} is under way`);
  } finally {
    database.close();
  }
}

function masked(line: string, { uuid, mac }: Keeper): string {
  return line
    .replaceAll(uuid, "KEEPER")
    .replaceAll(mac, "KEEPER")
    .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "UUID")
    .replaceAll(/52:54:00(:[0-9a-f]{2}){3}/g, "MAC")
    .replaceAll(/192\.168\.122\.\d+/g, "ADDRESS");
}
