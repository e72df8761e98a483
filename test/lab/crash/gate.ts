import { join } from "node:path";
import { LabError, type Outcome } from "../run.ts";

/** A node of either kind. */
export type Machine = {
  readonly name: string;
  exec(argv: string[], options?: { stdin?: string | Uint8Array; timeoutMs?: number }): Promise<Outcome>;
};

/** A script as root on the node, past waifuctl; throws where it fails. */
export async function byHand(node: Machine, script: string, ...words: readonly string[]): Promise<void> {
  const { exitCode, stderr } = await node.exec(["sh", "-c", script, "sh", ...words]);
  if (exitCode !== 0) throw new LabError(`${node.name}: ${script}: ${stderr}`);
}

/** A program that an SSH session calls: what and by whom, as one line, and how often that was called before. */
export type Call = { readonly line: string; readonly nth: number };
export type When = "before" | "after";

/** Between a node's SSH sessions and its programs. Sessions that were there before know nothing of it, nor those that begin while it is away. */
export type Gate = {
  /** Stands there from now on, forgets what was called, and lets everything through. */
  stand(): Promise<void>;
  /** Since it stands there, in order. It stands there no more. */
  calls(): Promise<Call[]>;
  /** Stands there, and waits for that call. */
  arm(call: Call, when: When): Promise<void>;
  /** Resolves when the armed call stands there. */
  held(): Promise<void>;
  /** Goes away, for calls to come. */
  disarm(): Promise<void>;
  /** If it is still there: it may have ended with its session. */
  letGo(): Promise<void>;
  /** Ends the wait of `held` when nothing came. */
  release(): Promise<void>;
  /** Every program of every session dies at once, where it stands. */
  cut(): Promise<void>;
  /** Resolves when no program of any session is left. */
  rest(): Promise<void>;
  /** After the node's restart. */
  rebuild(): Promise<void>;
  /** By how much the clock of what sessions run from now on is ahead, `-1h` behind: the kernel's own is everybody's. */
  setClock(shift?: string): Promise<void>;
  close(): Promise<void>;
};

const folder = "/run/waifu-gate";

/** Variables of the environment by which a program sees another time (Debian's libfaketime); what it measures is not touched. */
export const movedClock = (shift: string): readonly string[] => [
  "LD_PRELOAD=/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1",
  `FAKETIME=${shift}`,
  "DONT_FAKE_MONOTONIC=1",
];

/** The same machine where its shell is one of SSH, and would meet the gate. */
export function aroundGate<Node extends Machine>(node: Node): Node {
  const clean = [
    "/usr/bin/env",
    "-u",
    "WAIFU_GATE",
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin",
  ];
  return {
    ...node,
    exec: (argv, options) => node.exec([...clean, ...argv], { timeoutMs: 300_000, ...options }),
  };
}

/** One name for each program of the node but the shells, which are the sessions' own. */
const buildScript = `
rm -rf ${folder}
mkdir -p ${folder}/bin
cat >${folder}/gate
chmod 755 ${folder}/gate
mkfifo ${folder}/held ${folder}/go
: >${folder}/calls
cd ${folder}/bin
find /usr/bin /usr/sbin -maxdepth 1 ! -type d ! -name sh ! -name '[bd]*ash' -printf '%f\\n' | sort -u |
  perl -ne 'chomp; symlink "../gate", $_'
mkdir ${folder}/own-time
# Its allocator and libfaketime wait for each other as they begin.
printf '#!/bin/sh\nunset LD_PRELOAD\nexec /usr/bin/redis-cli "$@"\n' >${folder}/own-time/redis-cli
chmod 755 ${folder}/own-time/redis-cli
echo 'export WAIFU_GATE=1; [ ! -e ${folder}/stands ] || export PATH=${folder}/bin:$PATH' >${folder}/rc
# Debian's bash reads this for a remote command too.
grep -q waifu-gate /root/.bashrc || sed -i '1i [ ! -e ${folder}/rc ] || . ${folder}/rc' /root/.bashrc`;

/** Who listens there hears it; nobody does if it takes that long. */
const tell = (pipe: string, word: string) => `timeout 10 sh -c 'echo ${word} >${folder}/${pipe}' || true`;

const members = "grep -lsz '^WAIFU_GATE=' /proc/[0-9]*/environ | cut -d / -f 3";

const restScript = `
for _ in $(seq 1500); do
  [ -n "$(${members})" ] || exit 0
  sleep 0.02
done
ps -ww -o pid=,args= -p "$(${members} | paste -sd,)" >&2
exit 1`;

export async function openGate(node: Machine): Promise<Gate> {
  const sh = async (script: string, stdin?: string): Promise<string> => {
    const { exitCode, stdout, stderr } = await node.exec(["sh", "-c", script], { stdin });
    if (exitCode !== 0) throw new LabError(`the gate of ${node.name}: ${script}: ${stderr}`);
    return stdout;
  };
  const text = await Bun.file(join(import.meta.dir, "gate")).text();
  const rebuild = async () => void (await sh(buildScript, text));
  await rebuild();
  return {
    rebuild,
    setClock: async (shift) =>
      void (await sh(
        `sed -i /FAKETIME/d ${folder}/rc${shift === undefined ? "" : `; echo 'export PATH=${folder}/own-time:$PATH ${movedClock(shift).join(" ")}' >>${folder}/rc`}`,
      )),
    disarm: async () => void (await sh(`rm -f ${folder}/armed ${folder}/stands`)),
    stand: async () => void (await sh(`rm -f ${folder}/armed; : >${folder}/stands; : >${folder}/calls`)),
    calls: async () =>
      counted((await sh(`rm ${folder}/stands; cat ${folder}/calls`)).split("\n").filter(Boolean)),
    arm: async ({ line, nth }, when) =>
      void (await sh(
        `cat >${folder}/armed; : >${folder}/stands; : >${folder}/calls`,
        `${when}\n${nth}\n${line}\n`,
      )),
    held: async () => void (await sh(`cat ${folder}/held`)),
    release: async () => void (await sh(`rm ${folder}/stands; ${tell("held", "nobody")}`)),
    letGo: async () => void (await sh(tell("go", "go"))),
    cut: async () =>
      void (await sh(`while pids=$(${members}) && [ -n "$pids" ]; do kill -KILL $pids 2>&1; done; true`)),
    rest: async () => void (await sh(restScript)),
    close: async () => void (await sh(`rm -rf ${folder}; sed -i '/waifu-gate/d' /root/.bashrc`)),
  };
}

function counted(lines: readonly string[]): Call[] {
  const seen = new Map<string, number>();
  return lines.map((line) => {
    const nth = (seen.get(line) ?? 0) + 1;
    seen.set(line, nth);
    return { line, nth };
  });
}
