import { Database } from "bun:sqlite";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { cutLink, fillDisk, freeDisk, killLibvirtd, mendLink, startLibvirtd } from "../faults.ts";
import type { LabNode } from "../node.ts";
import { startNode, stopNode } from "../node.ts";
import type { Running } from "../waifuctl.ts";
import { byHand, type Machine, movedClock, type When } from "./gate.ts";
import type { Stage } from "./stage.ts";

export type Blow<Node extends Machine = LabNode> = {
  readonly name: string;
  /**
   * What happens while one of waifuctl's programs stands at the gate, until waifuctl has ended and the node can be reached again. `before`: that
   * program is never run, and all others of the session end with it, where the session is what is struck.
   */
  strike(stage: Stage<Node>, running: Running, when: When): Promise<void>;
  /** Ends what lasts. Before it, `reconcile` is run once, to do what it can. */
  cure?(stage: Stage<Node>): Promise<void>;
  /** The exit status with which that first `reconcile` refuses. */
  readonly refusal?: number;
  /** Nobody remembers then what was under way. */
  readonly isForgetful?: true;
  /** The node's storage has to be a small file system of its own. */
  readonly isForSmallDisks?: true;
};

/** How much of it there is, until it is full: enough for a node to be well. Hardly any of it is ever taken. */
export const smallDiskMebibytes = 8192;

const CONFIG = 3;

export const goOn = async ({ gate }: Stage, when: When) => {
  await gate.disarm();
  if (when === "before") await gate.cut();
  else await gate.letGo();
};

/** waifuctl is gone from one moment to the next. */
export const kill = async (stage: Stage, running: Running, when: When) => {
  running.kill("SIGKILL");
  await running.ended;
  await goOn(stage, when);
};

/** It is gone, and what else happens then is there when the next one comes. */
export const afterKill =
  <Node extends Machine>(then: (stage: Stage<Node>) => unknown) =>
  async (stage: Stage<Node>, running: Running, when: When): Promise<void> => {
    await kill(stage, running, when);
    await then(stage);
  };

/** Nothing of the session is struck: waifuctl goes on, and meets what is different now. */
export const meet = async (stage: Stage, running: Running) => {
  await goOn(stage, "after");
  await running.ended;
};

const statePath = ({ operator }: Stage) => join(operator.home, "state.db");
const forgetLog = async (stage: Stage) => {
  for (const ending of ["-wal", "-shm"]) await rm(`${statePath(stage)}${ending}`, { force: true });
};

function setVersion(stage: Stage, version: (now: number) => number): void {
  const database = new Database(statePath(stage));
  const row = database.query<{ user_version: number }, []>("PRAGMA user_version").get();
  database.run(`PRAGMA user_version = ${version(row?.user_version ?? 0)}`);
  database.close();
}

/** One that just isn't up, as in the middle of `node setup`, finds its files gone. */
const emptyRedis = "redis-cli -s /run/waifu-redis/redis.sock FLUSHALL || rm -rf /var/lib/waifu-redis/*";

const undress = async ({ operator }: Stage) => {
  operator.under = [];
};

/** In a mount namespace of its own. */
const readOnly = (folder: string) => [
  ...["/usr/bin/unshare", "--mount", "/bin/sh", "-c"],
  'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"',
  folder,
];

/** What may happen to any node, or to the operator. */
export const anywhere: readonly Blow<Machine>[] = [
  { name: "kill", strike: kill },
  {
    // Dead until waifuctl has ended; nothing else is.
    name: "kill libvirtd",
    async strike(stage, running) {
      await killLibvirtd(stage.node);
      await meet(stage, running);
      await startLibvirtd(stage.node);
    },
  },
  {
    name: "lose the state",
    strike: afterKill(async (stage) => {
      await forgetLog(stage);
      await rm(statePath(stage));
    }),
    isForgetful: true,
  },
  {
    name: "truncate the state",
    strike: afterKill(async (stage) => {
      await forgetLog(stage);
      const bytes = await Bun.file(statePath(stage)).bytes();
      await Bun.write(statePath(stage), bytes.subarray(0, bytes.length / 2));
    }),
    isForgetful: true,
  },
  {
    name: "a newer waifuctl's state",
    strike: afterKill((stage) => setVersion(stage, (now) => now + 1000)),
    refusal: CONFIG,
    cure: async (stage) => setVersion(stage, (now) => now - 1000),
  },
  {
    name: "a read-only state",
    strike: afterKill(({ operator }) => {
      operator.under = readOnly(operator.home);
    }),
    refusal: CONFIG,
    cure: undress,
  },
  ...["+1h", "-1h"].map(
    (shift): Blow<Machine> => ({
      name: `operator's clock ${shift}`,
      strike: afterKill(({ operator }) => {
        operator.under = ["/usr/bin/env", ...movedClock(shift)];
      }),
      cure: undress,
    }),
  ),
];

/** What only a node of the lab lends itself to. */
const inLab: readonly Blow[] = [
  {
    // sshd hangs up; waifuctl may try what it can.
    name: "hang up",
    async strike(stage, running, when) {
      await stage.node.exec(["pkill", "-KILL", "-f", "^sshd: .*@"]);
      await goOn(stage, when);
      await running.ended;
    },
  },
  {
    // Nobody is told, and nothing gets through until waifuctl has given up.
    name: "cut the link",
    async strike(stage, running, when) {
      await cutLink(stage.node);
      await goOn(stage, when);
      await running.ended;
      await mendLink(stage.node);
    },
  },
  {
    name: "power cut",
    async strike({ node: { lan, name, host }, gate }, running) {
      await stopNode(lan, name);
      await startNode(lan, name, host);
      await gate.rebuild();
      await running.ended;
    },
  },
  {
    name: "fill the disk",
    async strike(stage, running) {
      await fillDisk(stage.node);
      await meet(stage, running);
    },
    cure: async ({ node }) => void (await freeDisk(node, smallDiskMebibytes)),
    isForSmallDisks: true,
  },
  {
    name: "empty Redis",
    async strike(stage, running) {
      await byHand(stage.node, emptyRedis);
      await meet(stage, running);
    },
  },
  {
    name: "stop Redis",
    async strike(stage, running) {
      await byHand(stage.node, "systemctl stop waifu-redis");
      await meet(stage, running);
    },
  },
  ...["+1h", "-1h"].map(
    (shift): Blow => ({
      name: `node's clock ${shift}`,
      strike: afterKill(({ gate }) => gate.setClock(shift)),
      cure: ({ gate }) => gate.setClock(),
    }),
  ),
];

export const blows: readonly Blow[] = [...anywhere, ...inLab];
