import { rm } from "node:fs/promises";
import { join } from "node:path";
import { newOperator, type Operator, type Table } from "../waifuctl.ts";
import { type Before, befores, writeFiles } from "./befores.ts";
import { byHand, type Gate, type Machine, openGate } from "./gate.ts";
import { type Keeper, standing } from "./standing.ts";
import { nodeName, type Verb } from "./verbs.ts";

/** One node with a gate, an operator who knows no other, and an instance that nothing may touch. */
export type Stage<Node extends Machine = Machine> = {
  readonly node: Node;
  readonly gate: Gate;
  readonly operator: Operator;
  look(verb: Verb): Promise<string>;
  /** As a verb finds it, which reads so; nothing is done where the last look has shown that. */
  set(verb: Verb, before?: string): Promise<void>;
  /** After the operator has forgotten everything: what no node tells, the keeper's secret. */
  remind(): Promise<void>;
  /** When something went wrong: all but the keeper is gone by hand, and the operator has forgotten everything. */
  wipe(): Promise<void>;
  leave(): Promise<void>;
};

export type StageOptions = {
  /** With the metadata service, and a keeper that has its seed and a secret from there. */
  readonly isServed: boolean;
};

/** $1 is the keeper's uuid, $2 its MAC, $3 its template's digest. */
const wipeScript = `
for name in $(virsh -q list --all --name | grep -vx keeper); do
  virsh -q destroy "$name" 2>&1
  virsh -q undefine "$name" 2>&1
  rm -f "/var/log/libvirt/qemu/$name".*
done
virsh -q net-dumpxml --inactive default | grep '<host ' | grep -Fv "$2" | while read -r host; do
  virsh -q net-update default delete ip-dhcp-host "$host" --config
done
hosts=/var/lib/libvirt/dnsmasq/default.hostsfile
promises=$(grep -F "$2" "$hosts") && echo "$promises" >"$hosts" && kill -HUP "$(cat /run/libvirt/network/default.pid)"
find /var/lib/waifu /var/lib/waifu-metadata -type f ! -name "*$1*" ! -name "$3*" -delete 2>&1
if command -v zfs >/dev/null; then
  zfs list -H -o name,waifu:digest -t volume -r tank/waifu | while read -r name digest; do
    case $name in */instances/keeper) continue ;; */templates/*) [ "$digest" = - ] || continue ;; esac
    zfs destroy -r "$name"
  done
fi
find /run/lock /tmp -name 'waifu*' -delete
redis=/run/waifu-redis/redis.sock
[ ! -S "$redis" ] || redis-cli -s "$redis" --scan --pattern 'waifu:*' | grep -Fv "$1" | xargs -r redis-cli -s "$redis" DEL`;

export async function openStage<Node extends Machine>(
  node: Node,
  table: Table,
  { isServed }: StageOptions,
): Promise<Stage<Node>> {
  const operator = await newOperator([table]);
  const { home } = operator;
  const addTemplates = async () => {
    for (const name of ["idle", "other"])
      await operator.answer("template", "add", name, join(home, `${name}.img`));
  };
  const remind = async () => {
    if (isServed) await operator.answer("secret", "set", "keeper", "kept", "--file", "password");
  };
  await writeFiles(home);
  await addTemplates();
  if (isServed) await operator.answer("node", "setup", nodeName);
  const transport = isServed ? "http" : "cidata";
  const keeper = await operator.answer<Keeper & { templateDigest: string }>(
    ...["create", "keeper", "-t", "idle", "--no-wait", "--seed", transport],
  );
  await remind();
  const gate = await openGate(node);
  const deleteAll = async (isKept: (name: string) => boolean) => {
    for (const { name } of await operator.answer<{ name: string }[]>("list"))
      if (!isKept(name)) await operator.answer("delete", name, "--yes");
  };
  const deleteTemplates = async (...names: readonly string[]) => {
    for (const name of names) await operator.run("template", "delete", name, "--yes");
  };
  let seen: { readonly isAboutTemplates: boolean; readonly text: string } | undefined;
  const isAboutTemplates = ({ words: [noun] }: Verb) => noun === "template";
  return {
    node,
    gate,
    operator,
    async look(verb) {
      const kind = { isAboutTemplates: isAboutTemplates(verb) };
      seen = { ...kind, text: await standing(node, home, { keeper, ...kind }) };
      return seen.text;
    },
    async set(verb, reads) {
      const { before } = verb;
      // That a template is there counts for few verbs, but what makes one needs it gone.
      const isKnown =
        before !== "absent, and its template" && seen?.isAboutTemplates === isAboutTemplates(verb);
      if (isKnown && seen?.text === reads) return;
      seen = undefined;
      await deleteAll((name) => name === "keeper");
      if (isAboutTemplates(verb) || before === "absent, and its template") {
        await deleteTemplates("made", "other");
        await addTemplates();
      }
      const make: (typeof befores)[Before] = befores[before];
      await make({ operator, byHand: (script) => byHand(node, script) });
    },
    remind,
    async wipe() {
      seen = undefined;
      await byHand(node, wipeScript, keeper.uuid, keeper.mac, keeper.templateDigest);
      for (const ending of ["", "-wal", "-shm"]) await rm(join(home, `state.db${ending}`), { force: true });
      await addTemplates();
      await operator.answer("list");
      if (isServed) await operator.answer("node", "setup", nodeName);
      await remind();
    },
    async leave() {
      await gate.close();
      await deleteAll(() => false);
      await deleteTemplates("made", "other", "idle");
      await operator.leave();
    },
  };
}
