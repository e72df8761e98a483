import type { Progress, Reporter } from "../src/reporter.ts";

/** Keeps progress as lines: `begin label`, `update label: 4 of 9 bytes`, `done label`, `failed label: note`, `note …`, `warn …`. */
export function createRecordingReporter(): Reporter & { readonly lines: string[] } {
  const lines: string[] = [];
  return {
    lines,
    step(label) {
      const tell = (verb: string) => (note?: string) =>
        void lines.push(`${verb} ${label}${note === undefined ? "" : `: ${note}`}`);
      tell("begin")();
      const update = (progress: string | Progress) =>
        tell("update")(
          typeof progress === "string"
            ? progress
            : `${progress.doneBytes} of ${progress.totalBytes ?? "?"} bytes`,
        );
      return { update, done: tell("done"), failed: tell("failed") };
    },
    note: (text) => void lines.push(`note ${text}`),
    warn: (text) => void lines.push(`warn ${text}`),
  };
}
