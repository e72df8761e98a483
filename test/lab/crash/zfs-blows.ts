import type { ZfsNode } from "../zfs-node/zfs-node.ts";
import { afterKill, anywhere, type Blow, goOn, meet } from "./blows.ts";
import { byHand } from "./gate.ts";

const ballast = "tank/ballast";

/** What may happen to a node that is a machine of its own. Its disks don't outlive a power cut: nothing of them is ever synced. */
export const zfsBlows: readonly Blow<ZfsNode>[] = [
  ...anywhere,
  {
    name: "cut the link",
    async strike(stage, running, when) {
      await stage.node.setLink(false);
      await running.ended;
      await stage.node.setLink(true);
      await goOn(stage, when);
    },
  },
  {
    name: "fill the pool",
    async strike(stage, running) {
      // Not mounted: a full pool has no room for the folder either.
      const bytes = "$(($(zfs get -Hp -o value available tank) - 65536))";
      const script = `zfs create -o mountpoint=none -o refreservation=${bytes} ${ballast}`;
      await byHand(stage.node, script);
      await meet(stage, running);
    },
    cure: ({ node }) => byHand(node, `zfs destroy ${ballast}`),
  },
  ...["+1 hour", "-1 hour"].map(
    (shift): Blow<ZfsNode> => ({
      name: `node's clock ${shift}`,
      strike: afterKill(({ node }) => byHand(node, `date -s '${shift}'`)),
      cure: ({ node }) => byHand(node, `date -s '${shift.startsWith("+") ? "-" : "+"}1 hour'`),
    }),
  ),
];
