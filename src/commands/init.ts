import { resolve } from "node:path";
import { WaifuError } from "../errors.ts";
import { introduce, placeClusterFile, type Trust, writeCluster } from "../nodes/init.ts";
import { withShared } from "../nodes/node-words.ts";
import { chooseFirst, type Setup } from "../nodes/survey.ts";
import { askNodes } from "./ask-nodes.ts";
import { defineCommand } from "./define-command.ts";
import { initFlags } from "./init-flags.ts";
import { renderStart, surveyJson } from "./init-view.ts";

const example = "waifuctl init alpha=root@192.168.1.10 beta=root@192.168.1.11 --storage zfs:tank";

export const command = defineCommand({
  examples: ["waifuctl init", example, "waifuctl init local --output cluster.toml"],
  args: initFlags,
  async run(flags, { reach, terminal, reporter, signal, confirm, print }) {
    const wishes = [...flags.nodes, ...flags.node];
    if (wishes.length === 0 && terminal.size === undefined) {
      throw new WaifuError("usage", "no node is named, and without a terminal nobody can be asked", {
        hint: `Try: ${example}`,
      });
    }
    const nodes = await reach();
    const path = await placeClusterFile(flags.output ?? flags.cluster, nodes, flags.force);
    const setup: Setup = { ...nodes, path, isProbing: !flags.noProbe, reporter, signal };
    const { user, become, storage, network, bridge, template } = flags;
    // A path in the file starts from the file's folder, one on the command line from here.
    const identity = flags.identity?.startsWith("~/")
      ? flags.identity
      : flags.identity && resolve(flags.identity);
    const shared = { user, identity_file: identity, become, storage, network, bridge };
    const trust: Trust = async (offers) => {
      for (const { node, shown } of offers) reporter.note(`${node} shows the host key ${shown}`);
      await confirm("Do the machines themselves show the same (ssh-keygen -lf /etc/ssh/ssh_host_*_key.pub)?");
    };
    const isAsking = wishes.length === 0;
    const tables = wishes.map((wish) => withShared(wish, shared));
    const surveys = isAsking
      ? await askNodes(setup, { terminal, shared, trust })
      : await introduce(setup, tables, { trust, choose: chooseFirst });
    const isWhole = surveys.every(({ problems }) => problems.length === 0);
    // Who was asked has agreed already, node by node.
    if (!isWhole && !isAsking) await confirm(`Write ${path} all the same?`);
    const file = await writeCluster(setup, surveys, template);
    print({ path, nodes: surveys.map(surveyJson) }, () => renderStart({ ...file, surveys }, template));
  },
});
