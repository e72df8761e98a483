import { cutLink, killLibvirtd, mendLink, startLibvirtd } from "../faults.ts";
import type { LabNode } from "../node.ts";
import { startNode, stopNode } from "../node.ts";
import type { Running } from "../waifuctl.ts";
import type { When } from "./gate.ts";
import type { Stage } from "./stage.ts";

/**
 * What happens while one of waifuctl's programs stands at the gate, until waifuctl has ended and the node can be reached again. `before`: that
 * program is never run, and all others of the session end with it.
 */
type Blow = (stage: Stage<LabNode>, running: Running, when: When) => Promise<void>;

const goOn = async ({ gate }: Stage, when: When) => {
  await gate.disarm();
  if (when === "before") await gate.cut();
  else await gate.letGo();
};

export const blows = {
  /** waifuctl is gone from one moment to the next. */
  async kill(stage, running, when) {
    running.kill("SIGKILL");
    await running.ended;
    await goOn(stage, when);
  },
  /** sshd hangs up; waifuctl may try what it can. */
  async "hang up"(stage, running, when) {
    await stage.node.exec(["pkill", "-KILL", "-f", "^sshd: .*@"]);
    await goOn(stage, when);
    await running.ended;
  },
  /** The cable: nobody is told, and nothing gets through until waifuctl has given up. */
  async "cut the link"(stage, running, when) {
    await cutLink(stage.node);
    await goOn(stage, when);
    await running.ended;
    await mendLink(stage.node);
  },
  /** Pulls the node's plug, and switches it on again. */
  async "power cut"(stage, running) {
    const { lan, name, host } = stage.node;
    await stopNode(lan, name);
    await startNode(lan, name, host);
    await stage.gate.rebuild();
    await running.ended;
  },
  /** libvirtd dies, and comes back when waifuctl has ended. */
  async "kill libvirtd"(stage, running, when) {
    await killLibvirtd(stage.node);
    await goOn(stage, when);
    await running.ended;
    await startLibvirtd(stage.node);
  },
} satisfies Readonly<Record<string, Blow>>;

export type BlowName = keyof typeof blows;

export const blowNames: readonly BlowName[] = [
  "kill",
  "hang up",
  "cut the link",
  "power cut",
  "kill libvirtd",
];
