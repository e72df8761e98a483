import { join } from "node:path";
import { writeIdleImage } from "../idle-image.ts";
import type { Operator } from "../waifuctl.ts";
import { nodeName, subject } from "./verbs.ts";

/** What verbs start from is made with: waifuctl, and a shell on the node. */
type Hands = { readonly operator: Operator; byHand(script: string): Promise<void> };

/** The same each time: what is made of it is known by its digest. */
const writeDisk = `
disk=/dev/zvol/tank/waifu/instances/${subject}
if [ -e "$disk" ]; then yes | dd of="$disk" bs=4k count=1 iflag=fullblock conv=fsync status=none
else qemu-io -c 'write -q 0 4k' "$(ls /var/lib/waifu/instances/${subject}.*.qcow2)"
fi`;

/** All that `node setup` makes, but what an instance that runs is in need of. */
const takeApart = `
systemctl disable -q --now waifu-metadata.service waifu-redis.service waifu-md.service
rm -f /etc/waifu/* /etc/systemd/system/waifu-* /etc/systemd/system/nftables.service.d/waifu.conf /usr/local/lib/waifu/*
systemctl daemon-reload
nft delete table inet waifu
ip link delete waifu-md
systemctl disable -q libvirtd
virsh -q net-autostart --disable default`;

const create = async ({ operator }: Hands, ...words: string[]) =>
  void (await operator.answer("create", subject, "-t", "idle", "--no-wait", ...words));

const addOther = async ({ operator }: Hands, image: string, ...words: string[]) =>
  void (await operator.answer("template", "add", "other", join(operator.home, image), ...words));

/** How the subject of a trial stands before it, made out of nothing. */
export const befores = {
  absent: async () => {},
  "absent, and its template": async () => {},
  "absent, its template ready": (hands) => addOther(hands, "other.img", "--node", nodeName),
  "absent, its template ready twice": async (hands) => {
    for (const image of ["other.img", "newer.img"]) await addOther(hands, image, "--node", nodeName);
  },
  running: (hands) => create(hands),
  "running, seed over HTTP": (hands) => create(hands, "--seed", "http"),
  "running, with a secret": async (hands) => {
    await create(hands, "--seed", "http");
    await hands.operator.answer("secret", "set", subject, "password", "--file", "password");
  },
  "off and written": async (hands) => {
    await create(hands);
    await hands.operator.answer("stop", subject, "--force");
    await hands.byHand(writeDisk);
  },
  "as described earlier": async ({ operator }) =>
    void (await operator.answer("apply", "-f", "earlier.toml", "--yes")),
  "taken apart": ({ byHand }) => byHand(takeApart),
} satisfies Readonly<Record<string, (hands: Hands) => Promise<void>>>;

export type Before = keyof typeof befores;

const described = (...instances: readonly string[]) => `
set = "homelab"
[defaults]
template = "idle"
seed = "http"
${instances.map((keys) => `[[instance]]\n${keys}\n`).join("")}`;

/** Everything that befores and verbs read, in the operator's home. */
export async function writeFiles(home: string): Promise<void> {
  for (const name of ["idle", "other", "newer"]) await writeIdleImage(home, name);
  const files = {
    "subject.yaml": "#cloud-config\nhostname: edited\n",
    password: "hunter2",
    "earlier.toml": described(`name = "${subject}"\nlabels = { role = "old" }`, 'name = "pruned"'),
    "described.toml": described(
      `name = "${subject}"\nlabels = { role = "new" }\nuser_data_file = "subject.yaml"`,
      'name = "added"',
    ),
    "sized.toml": `[[instance]]\nname = "${subject}"\ntemplate = "idle"\nmemory = "192M"\n`,
  };
  for (const [name, text] of Object.entries(files)) await Bun.write(join(home, name), text);
}
