import { Database } from "bun:sqlite";
import { join } from "node:path";
import { traces } from "../traces.ts";
import type { Machine } from "./gate.ts";

/** What traces don't tell: how far each thing is. Lines, as `traces` has them. */
const lookScript = `
for uuid in $(virsh -q list --all --uuid); do
  spec=$(virsh -q metadata "$uuid" --uri urn:waifu:1)
  told=$(echo "$spec" | grep -o '"\\(generation\\|power\\)":[^,}]*' | sort | paste -sd' ')
  start=$(virsh -q dominfo "$uuid" | sed -n 's/^Autostart: *//p')
  size=$(virsh -q dumpxml --inactive "$uuid" | sed -n 's,^  <\\(memory\\|vcpu\\)[^>]*>\\([0-9]*\\)<.*,\\1 \\2,p' | paste -sd' ')
  echo "$uuid: $(virsh -q domstate "$uuid"), autostart $start, $size, $told"
done
for history in /var/lib/waifu/seeds/*.json; do
  [ ! -e "$history" ] || echo "$history: $(grep -o '"current":{"generation":[0-9]*' "$history")"
done
for disk in /var/lib/waifu/instances/*.qcow2; do
  [ -e "$disk" ] || continue
  qemu-img map -U --output=json "$disk" | grep -q '"depth": 0,.*"data": true' && echo "$disk: written" || echo "$disk: fresh"
done
find /run/lock /tmp /var/tmp -name 'waifu*' ! -name '*.lock' ! -name '*.work'
exit 0`;

/** All that there is on a node, and how it is, in lines. */
export async function lookAt(node: Machine): Promise<string[]> {
  const left = await traces(node);
  const looked = await node.exec(["sh", "-c", lookScript]);
  if (looked.exitCode !== 0) throw new Error(`can't look at ${node.name}: ${looked.stderr}`);
  const lines = Object.entries(left).flatMap(([kind, things]) => things.map((thing) => `${kind} ${thing}`));
  // What libvirt promises now and what it will after its next start are told apart by nobody: a restart makes them one.
  const told = [...lines, ...looked.stdout.trim().split("\n")].map((line) =>
    line.replace(/^(process).* guest=([^,]*).*/, "$1 $2"),
  );
  return [...new Set(told)].sort();
}

/** The same with what an operator's state says of it, and without what differs between two runs of the same verb. */
export async function standing(node: Machine, home: string, keeper: Keeper): Promise<string> {
  const lines = [...(await lookAt(node)), ...openRows(home)];
  return lines
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
