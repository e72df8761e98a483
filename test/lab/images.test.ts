import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { defaultUserData } from "../../src/metadata/cloud-config.ts";
import { makeHostKey } from "../../src/metadata/host-key.ts";
import { renderSeed, type Seed, seedFiles } from "../../src/metadata/seed.ts";
import { seedDisk } from "../../src/metadata/seed-disk.ts";
import type { SeedRequest } from "../../src/metadata/seed-request.ts";
import { downLab, upLab } from "./namespace-lab.ts";
import type { LabNode } from "./node.ts";
import { nodeDiskDir } from "./paths.ts";

setDefaultTimeout(180_000);
const name = "test-images";
const hostKey = makeHostKey("guest");
let node: LabNode;
let storage: string;

beforeAll(async () => {
  await downLab(name);
  const lab = await upLab(name, ["n1"]);
  [node] = lab.nodes as [LabNode];
  storage = join(nodeDiskDir(name, "n1"), "waifu");
  await onNode(`curl -sf ${lab.image("tiny").url} -o /var/lib/waifu/tiny.qcow2`);
  await Bun.write(join(storage, "key"), Bun.file(node.identityFile));
  await onNode("chmod 600 /var/lib/waifu/key");
}, 180_000);
afterAll(() => downLab(name), 60_000);

test("tiny takes name, login, host key and commands from a CIDATA disk, and keeps what is on its disk", async () => {
  const wanted = await seed({
    userData: `#cloud-config\nhostname: from-user-data\nruncmd:\n  - echo once >>/disk/ran\n`,
  });
  await Bun.write(join(storage, "seed"), seedDisk(wanted));
  await start("disk-guest", "pc", "none", "seed");
  const login = await loginTo("disk-guest");
  expect(await login("hostname; id -un; cat /disk/ran; echo kept >/disk/kept")).toBe(
    "from-user-data\nwaifu\nonce\n",
  );

  // "is ready" comes again with the next boot, which runs no command twice.
  await onNode("virsh reboot disk-guest");
  await bootEnd("disk-guest", 2);
  expect(await login("cat /disk/ran /disk/kept")).toBe("once\nkept\n");

  await onNode("virsh shutdown disk-guest");
  await onNode("timeout 60 sh -c 'until virsh domstate disk-guest | grep -q shut.off; do sleep 0.2; done'");
});

test("tiny takes its seed by HTTP from the address in its serial number", async () => {
  await onNode("ip addr add 169.254.169.254/32 dev lo; mkdir -p /tmp/www/i/token");
  await onNode("busybox httpd -p 169.254.169.254:80 -h /tmp/www");
  for (const { name: file, bytes } of seedFiles(await seed({}))) {
    await node.exec(["sh", "-c", `cat >/tmp/www/i/token/${file}`], {
      stdin: new TextDecoder().decode(bytes),
    });
  }
  await start("http-guest", "q35", "ds=nocloud;s=http://169.254.169.254/i/token/");
  const login = await loginTo("http-guest");
  expect(await login("hostname; id -un")).toBe("from-meta-data\nwaifu\n");
});

async function seed(more: Partial<SeedRequest>): Promise<Seed> {
  const key = (await Bun.file(`${node.identityFile}.pub`).text()).trim();
  return renderSeed({
    uuid: crypto.randomUUID(),
    generation: 1,
    hostname: "from-meta-data",
    sshKeys: [key],
    userData: defaultUserData([key]),
    hostKey,
    ...more,
  });
}

async function start(guest: string, machine: "pc" | "q35", serial: string, seedFile?: string) {
  const disk = (file: string, format: string, target: string) => `<disk type='file' device='disk'>
    <driver name='qemu' type='${format}' cache='unsafe'/><source file='/var/lib/waifu/${file}'/><target dev='${target}' bus='virtio'/></disk>`;
  await onNode(`cd /var/lib/waifu && qemu-img create -q -f qcow2 -F qcow2 -b tiny.qcow2 ${guest}.qcow2`);
  const xml = `<domain type='qemu'>
    <name>${guest}</name><memory unit='MiB'>160</memory><vcpu>1</vcpu>
    <os><type arch='x86_64' machine='${machine}'>hvm</type><smbios mode='sysinfo'/></os>
    <sysinfo type='smbios'><system><entry name='serial'>${serial}</entry></system></sysinfo>
    <features><acpi/><apic/></features><cpu mode='maximum'/>
    <devices>
      ${disk(`${guest}.qcow2`, "qcow2", "vda")}${seedFile ? disk(seedFile, "raw", "vdb") : ""}
      <interface type='network'><source network='default'/><model type='virtio'/></interface>
      <serial type='pty'><log file='/var/log/libvirt/qemu/${guest}-serial.log'/></serial>
    </devices>
  </domain>`;
  const { exitCode, stderr } = await node.exec(
    ["sh", "-c", `virsh define /dev/stdin && virsh start ${guest}`],
    { stdin: xml },
  );
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
}

/** Waits until the guest has booted, and returns what runs a line in it by SSH, with its host key checked. */
async function loginTo(guest: string) {
  await bootEnd(guest, 1);
  const address = (await onNode(`virsh -q domifaddr ${guest}`)).match(/192[0-9.]+/)?.[0];
  await onNode(`echo '${address} ${hostKey.public}' >/tmp/${guest}`);
  const options = "-i /var/lib/waifu/key -o StrictHostKeyChecking=yes -o BatchMode=yes";
  return (line: string) =>
    onNode(`ssh ${options} -o UserKnownHostsFile=/tmp/${guest} waifu@${address} '${line}'`);
}

const bootEnd = (guest: string, count: number) =>
  onNode(`timeout 120 tail -n +1 -F /var/log/libvirt/qemu/${guest}-serial.log | grep -am${count} 'is ready'`);

async function onNode(script: string): Promise<string> {
  const { exitCode, stdout, stderr } = await node.exec(["sh", "-c", script]);
  if (exitCode !== 0) throw new Error(`${script}: ${stderr}`);
  return stdout;
}
