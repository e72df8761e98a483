import { afterAll } from "bun:test";
import { connectNode } from "../../src/ssh/connect-node.ts";
import { runnerContract } from "./runner-contract.ts";
import { openWorkshop, startSshd } from "./sshd.ts";

const workshop = openWorkshop();
const sshd = await startSshd(workshop);
afterAll(async () => {
  await sshd.stop();
  workshop.remove();
});

runnerContract("a node over SSH", async () => ({
  folder: workshop.folder,
  open: (become, onCommand) =>
    connectNode(workshop.dialer(), { name: "alpha", ssh: sshd.target, become }, onCommand),
}));
