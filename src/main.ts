import { run } from "./commands/run.ts";
import { createProcessTerminal } from "./terminal/process-terminal.ts";

const interrupted = new AbortController();
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(name, () => {
    if (interrupted.signal.aborted) process.exit(130);
    interrupted.abort();
  });
}

process.exit(
  await run(process.argv.slice(2), {
    terminal: createProcessTerminal(process.env),
    env: process.env,
    signal: interrupted.signal,
    wire: async (options) => (await import("./wire.ts")).wire(options),
    wireReach: async (options) => (await import("./wire.ts")).wireReach(options),
  }),
);
