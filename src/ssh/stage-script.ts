import { randomBytes } from "node:crypto";
import { type Command, once } from "../command.ts";
import { WaifuError } from "../errors.ts";
import { toPrograms } from "./quote.ts";

/** Stages one after another, the steps of a stage at once, the commands of a step one after another. */
export type Stages = readonly (readonly (readonly Command[])[])[];

/** How a command ended, and which of them it was. */
export type StageResult = {
  readonly stage: number;
  readonly step: number;
  readonly command: number;
  readonly exitCode: number;
  /** The last of what it wrote on standard error. */
  readonly stderr: string;
};

export type StageScript = {
  readonly command: Command;
  /** Takes what the script prints as it comes, and gives the results that are whole by now. */
  read(chunk: Buffer): StageResult[];
};

/** With its heading it stays below PIPE_BUF (4096 bytes), so that the answers of steps don't run into each other. */
const LONGEST_COMPLAINT = 2048;

/**
 * A whole plan as one script that `sh` reads from its standard input. It tells of each command at its end; one that fails ends its
 * step, and the script after the other steps of that stage.
 */
export function toStageScript(stages: Stages, boundary = randomBytes(12).toString("hex")): StageScript {
  const parts = stages.map((steps, stage) => {
    const jobs = steps.map((commands, step) => {
      const lines = commands.map((command, index) => commandLines(command, boundary, [stage, step, index]));
      return `(\n${lines.join("")}) & jobs="$jobs $!"\n`;
    });
    return `jobs=\n${jobs.join("")}for job in $jobs; do wait "$job" || failed=1; done\n[ -z "$failed" ] || exit 1\n`;
  });
  return {
    command: once(["sh"], { stdin: tellFunction(boundary) + parts.join(""), timeoutMs: patience(stages) }),
    read: resultReader(boundary),
  };
}

/** Descriptor 3 is in the hands of every program: standard output ends when the last of them has, also after a signal. */
function tellFunction(boundary: string): string {
  return `exec 3>&1
tell() {
[ "\${#said}" -le ${LONGEST_COMPLAINT} ] || said=$(printf %s "$said" | tail -c ${LONGEST_COMPLAINT})
printf '\\n%s %s %d %d\\n%s' ${boundary} "$1" "$status" "\${#said}" "$said"
[ "$status" = 0 ]
}
failed=
`;
}

function commandLines(command: Command, boundary: string, place: readonly number[]): string {
  const programs = `(${toPrograms(command)}) 2>&1 >/dev/null`;
  const { stdin } = command;
  if (typeof stdin === "object" && !(stdin instanceof Uint8Array))
    throw new WaifuError("bug", "a command of a script can't read a file of the operator's, or another node");
  const fed =
    stdin === undefined
      ? `${programs} </dev/null`
      : `base64 -d <<'${boundary}' | ${programs}\n${Buffer.from(stdin).toString("base64")}\n${boundary}\n`;
  return `said=$( ${fed}); status=$?; tell '${place.join(" ")}' || exit 1\n`;
}

/** Of the slowest steps, one stage after another. */
function patience(stages: Stages): number {
  const stepMs = (commands: readonly Command[]) =>
    commands.reduce((sum, { timeoutMs }) => sum + timeoutMs, 0);
  return stages.reduce((sum, steps) => sum + Math.max(0, ...steps.map(stepMs)), 0);
}

function resultReader(boundary: string): (chunk: Buffer) => StageResult[] {
  const heading = new RegExp(`\\n${boundary} (\\d+) (\\d+) (\\d+) (\\d+) (\\d+)\\n`);
  let rest = "";
  return (chunk) => {
    rest += chunk.toString("latin1");
    const results: StageResult[] = [];
    for (;;) {
      const found = heading.exec(rest);
      if (found === null) return results;
      const [stage = 0, step = 0, command = 0, exitCode = 0, length = 0] = found.slice(1).map(Number);
      const from = found.index + found[0].length;
      if (rest.length < from + length) return results;
      const stderr = Buffer.from(rest.slice(from, from + length), "latin1").toString();
      results.push({ stage, step, command, exitCode, stderr });
      rest = rest.slice(from + length);
    }
  };
}
