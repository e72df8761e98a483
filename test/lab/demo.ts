import { existsSync } from "node:fs";
import { join } from "node:path";
import { downLab, type Lab, upLab } from "./namespace-lab.ts";
import { identityFile, labDir } from "./paths.ts";

/** `npm run demo`: a one-machine cluster in a namespace, and the main job on it, with the compiled binary. */
const LAB = "demo";
const INSTANCE = "first-light";
const clusterFile = join(labDir(LAB), "demo.toml");

const [verb] = process.argv.slice(2);
if (verb === "down") await downLab(LAB);
else await demo();

async function demo(): Promise<void> {
  const lab = await upLab(LAB, ["homelab"], {
    images: ["debian-12"],
    report: (line) => console.error(`lab: ${line}`),
  });
  await Bun.write(clusterFile, clusterToml(lab));
  const image = lab.image("debian-12");
  const instances: { name: string }[] = JSON.parse(await capture("list", "--json"));
  if (!instances.some(({ name }) => name === INSTANCE)) {
    await show("template", "add", "debian-12", image.url, "--sha256", image.sha256);
    await show("create", INSTANCE, "--template", "debian-12");
  }
  await show("ip", INSTANCE);
  await show("ssh", INSTANCE, "hostname; cloud-init status --wait; uname -sr");
  await show("list");
  console.log(`
${INSTANCE} goes on running. Next:

  export WAIFU_CLUSTER=${clusterFile}
  dist/waifuctl ssh ${INSTANCE}                  # a shell in the VM
  dist/waifuctl create --template debian-12 --explain
  dist/waifuctl reinit ${INSTANCE}               # back to its fresh disk
  dist/waifuctl delete ${INSTANCE}
  dist/waifuctl node list

  npm run demo:down                           # removes the VM, the node and its network`);
}

/** The lab's nodes, with a state file and defaults that go with the lab. */
function clusterToml(lab: Lab): string {
  return `state = "${join(labDir(LAB), "state.db")}"

[defaults]
memory = "512M"
disk = "4G"
ssh_key = "${identityFile}.pub"

${lab.clusterToml()}`;
}

/** Runs waifuctl as a person would, and shows the line. */
async function show(...words: string[]): Promise<void> {
  console.log(`\n$ waifuctl ${words.map((word) => (/\s/.test(word) ? `'${word}'` : word)).join(" ")}`);
  const child = Bun.spawn([binary(), ...words], {
    env: environment(),
    stdio: ["ignore", "inherit", "inherit"],
  });
  const status = await child.exited;
  if (status !== 0) process.exit(status);
}

async function capture(...words: string[]): Promise<string> {
  return await new Response(Bun.spawn([binary(), ...words], { env: environment() }).stdout).text();
}

function binary(): string {
  const path = join(import.meta.dir, "../../dist/waifuctl");
  if (!existsSync(path)) throw new Error("dist/waifuctl is missing: run npm run demo, or bun run build");
  return path;
}

function environment(): Record<string, string | undefined> {
  return { ...process.env, WAIFU_CLUSTER: clusterFile };
}
