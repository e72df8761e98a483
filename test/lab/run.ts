/** What went wrong with the lab itself, in words for the person who started it. */
export class LabError extends Error {
  override name = "LabError";
}

export type Outcome = { exitCode: number; stdout: string; stderr: string };

/** Runs a program to its end; a failure is an answer, not an error. */
export async function run(
  argv: string[],
  options: { stdin?: string | Uint8Array; cwd?: string } = {},
): Promise<Outcome> {
  const child = Bun.spawn(argv, {
    stdin: options.stdin === undefined ? "ignore" : Buffer.from(options.stdin),
    stdout: "pipe",
    stderr: "pipe",
    cwd: options.cwd,
  });
  const [stdout, stderr, exitCode] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { exitCode, stdout, stderr };
}

/** Runs a program that has to succeed and returns its stdout. */
export async function must(
  argv: string[],
  options: { stdin?: string | Uint8Array; cwd?: string } = {},
): Promise<string> {
  const { exitCode, stdout, stderr } = await run(argv, options);
  if (exitCode !== 0) throw new LabError(`${argv.join(" ")}: exit ${exitCode}\n${stderr.trim()}`);
  return stdout;
}
