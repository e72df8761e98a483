import type { Timing } from "./timing.ts";

type Line = { readonly atMs: number; readonly text: string };

/**
 * Times `waifuctl create --verbose --no-wait …` by when its lines on standard error come: a remote command says its own time at its
 * end, and a step one line at its beginning and one at its end. Throws unless it ends well.
 */
export async function timeCreate(
  argv: readonly string[],
  options: { cwd: string; env: Record<string, string> },
): Promise<Timing> {
  const startedAt = performance.now();
  const child = Bun.spawn([...argv], { ...options, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const lines: Line[] = [];
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of child.stderr) {
    const atMs = performance.now() - startedAt;
    const parts = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = parts.pop() ?? "";
    lines.push(...parts.map((text) => ({ atMs, text })));
  }
  const exitCode = await child.exited;
  const totalMs = performance.now() - startedAt;
  if (exitCode !== 0)
    throw new Error(`${argv.join(" ")}: exit ${exitCode}\n${lines.map(({ text }) => text).join("\n")}`);
  return { totalMs, phases: toPhases(lines, totalMs) };
}

function toPhases(lines: readonly Line[], totalMs: number): Record<string, number> {
  const ends = new Map(lines.map(({ atMs, text }) => [/^✓ (.+?)(?: \d+[smh])?$/.exec(text)?.[1], atMs]));
  const steps = lines.flatMap(({ atMs, text }) => {
    const title = /^(.+)…$/.exec(text)?.[1];
    const endedAt = title && ends.get(title);
    return title && endedAt ? [{ title, beganAt: atMs, endedAt }] : [];
  });
  const stepsBegin = Math.min(...steps.map((step) => step.beganAt));
  const stepsEnd = Math.max(...steps.map((step) => step.endedAt));
  const probes = lines.flatMap(({ atMs, text }) => {
    const ms = / → \d+ \((\d+) ms\)$/.exec(text)?.[1];
    return ms === undefined || atMs > stepsBegin ? [] : [{ beganAt: atMs - Number(ms), endedAt: atMs }];
  });
  const probeBegins = Math.min(...probes.map((probe) => probe.beganAt));
  const probeEnds = Math.max(...probes.map((probe) => probe.endedAt));
  return {
    "start-up and connect": probeBegins,
    probe: probeEnds - probeBegins,
    "decide and lock": stepsBegin - probeEnds,
    // An address is another one each time.
    ...Object.fromEntries(
      steps.map(({ title, beganAt, endedAt }) => [title.replace(/ \d.*/, ""), endedAt - beganAt]),
    ),
    "unlock and exit": totalMs - stepsEnd,
  };
}
