import { createInterface, type Interface } from "node:readline";
import { type Command, type CommandResult, once, repeatable } from "../command.ts";
import { WaifuError } from "../errors.ts";
import type { RemoteProcess, Runner } from "./runner.ts";

const LOCK_PATH = "/run/lock/waifu.lock";
const BUSY = 75;

export type LockOptions = {
  /** Who wants it, for others to read: `user@host pid operation`. */
  readonly owner: string;
  /** How long to wait for another holder. */
  readonly waitMs: number;
  readonly path?: string;
  /** Told when another has it, and who: the wait begins. */
  readonly onBusy?: (holder: string) => void;
  /** Time between two heartbeats. */
  readonly beatMs?: number;
  /** The node lets go this long after the last heartbeat, which may have to wait behind much that is sent on the same link. */
  readonly holdMs?: number;
};

export type NodeLock = {
  /** Raised by every take and every release: as it was before this take. */
  readonly sequence: number;
  /** Aborted when the lock is no longer surely ours: before anyone else can have it. */
  readonly lost: AbortSignal;
  /** Resolves when others can have it. */
  release(): Promise<void>;
};

// POSIX sh. The shell that holds file descriptor 9 holds the lock; what it starts does not inherit it. A line that
// comes back proves to the operator that the holder was alive, and holds on for that long again. The sequence is odd
// while the lock is held; of a holder that was killed it stays so, and the next one goes past it.
const HOLDER = `
exec 2>&1
[ -d "\${1%/*}" ] || mkdir -p -- "\${1%/*}" || exit
exec 9<>"$1" || exit
if ! flock -n 9; then
  echo "busy $(sed -n 2p "$1")"
  flock -w "$3" 9 || exit ${BUSY}
fi
trap '' HUP PIPE
read -r sequence <"$1"
sequence=$((\${sequence:-0} + \${sequence:-0} % 2))
printf '%s\\n%s\\n' "$((sequence + 1))" "$2" >"$1"
echo "locked $sequence"
while beat=$(timeout "$4" head -n 1 9>&-) && [ -n "$beat" ]; do echo "$beat"; done
printf '%s\\n' "$((sequence + 2))" >"$1"
`;

/**
 * Takes the one lock of a node, which serialises changes between operators. Throws `locked` with the holder's name
 * when it stays taken for longer than `waitMs`, `interrupted` on abort.
 */
export async function takeLock(
  runner: Runner,
  options: LockOptions,
  signal?: AbortSignal,
): Promise<NodeLock> {
  const { owner, waitMs, path = LOCK_PATH, beatMs = 5_000, holdMs = 35_000 } = options;
  const [wait, hold] = [waitMs, holdMs].map((ms) => String(ms / 1000));
  const holder = await runner.start(
    once(["sh", "-c", HOLDER, "sh", path, owner.replaceAll("\n", " "), `${wait}`, `${hold}`]),
  );
  holder.stderr?.resume();
  const answers = createInterface({ input: holder.stream });
  // How the holder ends tells all there is to know.
  answers.on("error", () => {});
  const sequence = await taken(runner.node, holder, answers, options.onBusy, signal);

  const lost = new AbortController();
  // Each heartbeat is the time at which it was sent. By the clock, which goes on while a laptop sleeps.
  let confirmedAt = Date.now();
  answers.on("line", (line) => {
    confirmedAt = Number(line);
  });
  const lose = (): void => {
    clearInterval(pulse);
    lost.abort(
      new WaifuError("outcome-unknown", `the lock of node "${runner.node}" was lost`, { node: runner.node }),
    );
  };
  const beat = (): void => {
    if (Date.now() - confirmedAt >= holdMs - beatMs) lose();
    else holder.stream.write(`${Date.now()}\n`);
  };
  const pulse = setInterval(beat, beatMs);
  beat();
  holder.exited.then(lose, lose);
  return {
    sequence,
    lost: lost.signal,
    release: async () => {
      clearInterval(pulse);
      holder.stream.end();
      await holder.exited.catch(() => {});
    },
  };
}

/** The sequence number before the lock became ours. */
function taken(
  node: string,
  holder: RemoteProcess,
  answers: Interface,
  onBusy?: (holder: string) => void,
  signal?: AbortSignal,
): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  let busyWith = "";
  const said: string[] = [];
  const onLine = (line: string): void => {
    const [, answer, rest = ""] = line.match(/^(busy|locked) (.*)$/) ?? [];
    if (answer === "locked") resolve(Number(rest));
    else if (answer === "busy") {
      busyWith = rest;
      onBusy?.(rest);
    } else said.push(line);
  };
  const onExit = (status: number): void =>
    reject(
      status === BUSY
        ? new WaifuError("locked", `node "${node}" is locked by ${busyWith}`, {
            node,
            hint: "Try again when that has ended.",
          })
        : new WaifuError("remote-failed", `node "${node}" can't be locked: ${said.join("; ")}`, { node }),
    );
  const onAbort = (): void => {
    reject(
      new WaifuError("interrupted", `interrupted while waiting for the lock of node "${node}"`, { node }),
    );
    holder.close();
  };
  answers.on("line", onLine);
  answers.once("close", () => holder.exited.then(onExit, reject));
  signal?.addEventListener("abort", onAbort, { once: true });
  return promise.finally(() => {
    answers.off("line", onLine);
    signal?.removeEventListener("abort", onAbort);
  });
}

/** Reads how often a node's lock has been taken, without taking it. */
export function lockSequenceCommand(path = LOCK_PATH): Command {
  return repeatable(["cat", path]);
}

/** No file: never taken since the node was started. */
export function parseLockSequence({ exitCode, stdout }: CommandResult): number {
  return exitCode === 0 ? Number(stdout.split("\n")[0]) : 0;
}
