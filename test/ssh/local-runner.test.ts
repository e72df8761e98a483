import { afterAll } from "bun:test";
import { LocalRunner } from "../../src/ssh/local-runner.ts";
import { runnerContract } from "./runner-contract.ts";
import { openWorkshop } from "./sshd.ts";

const workshop = openWorkshop();
afterAll(() => workshop.remove());

runnerContract("this machine", async () => ({
  folder: workshop.folder,
  open: async (become, onCommand) => new LocalRunner({ node: "here", become, onCommand }),
}));
