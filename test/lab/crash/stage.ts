import { rm } from "node:fs/promises";
import { join } from "node:path";
import { writeIdleImage } from "../idle-image.ts";
import { newOperator, type Operator, type Table } from "../waifuctl.ts";
import { type Gate, type Machine, openGate } from "./gate.ts";
import { type Keeper, standing } from "./standing.ts";
import { subject, type Verb } from "./verbs.ts";

/** One node with a gate, an operator who knows no other, and an instance that nothing may touch. */
export type Stage<Node extends Machine = Machine> = {
  readonly node: Node;
  readonly gate: Gate;
  readonly operator: Operator;
  look(): Promise<string>;
  /** As a verb finds it. */
  set(verb: Verb): Promise<void>;
  /** When something went wrong: all but the keeper is gone by hand, and the operator has forgotten everything. */
  wipe(): Promise<void>;
  leave(): Promise<void>;
};

const writeDisk = `qemu-io -c 'write -q 0 4k' "$(ls /var/lib/waifu/instances/${subject}.*.qcow2)"`;

/** $1 is the keeper's uuid, $2 its MAC, $3 its template's digest. */
const wipeScript = `
virsh -q destroy ${subject} 2>&1
virsh -q undefine ${subject} 2>&1
virsh -q net-dumpxml --inactive default | grep '<host ' | grep -Fv "$2" | while read -r host; do
  virsh -q net-update default delete ip-dhcp-host "$host" --config
done
hosts=/var/lib/libvirt/dnsmasq/default.hostsfile
promises=$(grep -F "$2" "$hosts") && echo "$promises" >"$hosts" && kill -HUP "$(cat /run/libvirt/network/default.pid)"
find /var/lib/waifu -type f ! -name "*$1*" ! -name "$3*" -delete
find /run/lock /tmp -name 'waifu*' -delete
rm -f /var/log/libvirt/qemu/${subject}.*`;

export async function openStage<Node extends Machine>(node: Node, table: Table): Promise<Stage<Node>> {
  const operator = await newOperator([table]);
  const { home } = operator;
  for (const name of ["idle", "other"]) await writeIdleImage(home, name);
  const addTemplates = async () => {
    for (const name of ["idle", "other"])
      await operator.answer("template", "add", name, join(home, `${name}.img`));
  };
  await addTemplates();
  await Bun.write(join(home, "subject.yaml"), "#cloud-config\nhostname: edited\n");
  const keeper = await operator.answer<Keeper & { templateDigest: string }>(
    "create",
    "keeper",
    "-t",
    "idle",
    "--no-wait",
  );
  const gate = await openGate(node);
  const has = async () =>
    (await operator.answer<{ name: string }[]>("list")).some(({ name }) => name === subject);
  return {
    node,
    gate,
    operator,
    look: () => standing(node, home, keeper),
    async set({ before }) {
      if (await has()) await operator.answer("delete", subject, "--yes");
      for (const name of ["made", "other"]) await operator.run("template", "delete", name, "--yes");
      await operator.answer("template", "add", "other", join(home, "other.img"));
      if (before.startsWith("absent")) return;
      await operator.answer("create", subject, "-t", "idle", "--no-wait");
      if (before === "running") return;
      await operator.answer("stop", subject, "--force");
      const { exitCode, stderr } = await node.exec(["sh", "-c", writeDisk]);
      if (exitCode !== 0) throw new Error(`can't write the disk of ${subject}: ${stderr}`);
    },
    async wipe() {
      const words = [keeper.uuid, keeper.mac, keeper.templateDigest];
      await node.exec(["sh", "-c", wipeScript, "sh", ...words]);
      for (const ending of ["", "-wal", "-shm"]) await rm(join(home, `state.db${ending}`), { force: true });
      await addTemplates();
      await operator.answer("list");
    },
    async leave() {
      await gate.close();
      for (const name of [subject, "keeper"]) await operator.run("delete", name, "--yes");
      for (const name of ["made", "other", "idle"]) await operator.run("template", "delete", name, "--yes");
      await operator.leave();
    },
  };
}
