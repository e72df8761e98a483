import { expect } from "bun:test";
import { tracesOf } from "./traces.ts";
import type { Operator } from "./waifuctl.ts";

type Machines = Parameters<typeof tracesOf>[0];

export type Refuse = (
  words: readonly string[],
  exitCode: number,
  ...says: readonly string[]
) => Promise<void>;

/**
 * Makes a check of what must not work: it ends with this exit status, says all of these on stderr and nothing on stdout, in
 * particular no stack of ours, and leaves the nodes as they are now.
 */
export async function refusalsOf(operator: Operator, nodes: Machines): Promise<Refuse> {
  const before = await tracesOf(nodes);
  return async (words, exitCode, ...says) => {
    const outcome = await operator.run(...words);
    expect({ words, ...outcome }).toEqual({ words, exitCode, stdout: "", stderr: expect.any(String) });
    for (const text of says) expect(outcome.stderr).toContain(text);
    expect(outcome.stderr).not.toContain("This is a bug");
    expect(await tracesOf(nodes)).toEqual(before);
  };
}
