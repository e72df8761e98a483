import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCli } from "../commands/run-cli.ts";
import type { TerminalOptions } from "../terminal/recording-terminal.ts";
import { keepingCluster } from "./keeping-node.ts";

/** Three instances of a set; db.yaml lies beside. */
export const lab = `set = "lab"
[defaults]
template = "tiny"
memory = "5G"
[[instance]]
name = "web"
count = 2
labels = { role = "web" }
[[instance]]
name = "db"
user_data_file = "db.yaml"
`;

/** A folder with lab.toml, and nodes for it. */
export async function labSite() {
  const folder = mkdtempSync(join(tmpdir(), "waifu-apply-"));
  const [file, userDataFile] = [join(folder, "lab.toml"), join(folder, "db.yaml")];
  await Bun.write(file, lab);
  await Bun.write(userDataFile, "#cloud-config\npackages: [git]\n");
  const { cluster, nodes } = keepingCluster();
  const wire = async () => ({ ...cluster, close: async () => {} });
  const cli = (line: string, options: TerminalOptions = {}) => runCli(line.split(" "), { ...options, wire });
  const names = () => cluster.state.instances.all().map(({ spec, node }) => `${spec.name} on ${node}`);
  const changes = () => nodes.flatMap((node) => node.changes());
  return {
    folder,
    file,
    userDataFile,
    cluster,
    nodes,
    cli,
    names,
    changes,
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  };
}

/** With the three instances there. */
export async function appliedSite() {
  const site = await labSite();
  const { exitCode, stderr } = await site.cli(`apply -f ${site.file} --yes`);
  if (exitCode !== 0) throw new Error(stderr);
  site.changes();
  return site;
}
