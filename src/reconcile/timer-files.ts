import { quote } from "../ssh/quote.ts";

/** How often, as a person writes it and as both ways of doing it take it. */
export type Interval = { readonly minutes: number };

/** What is to be run. */
export type Job = { readonly argv: readonly [program: string, ...args: string[]]; readonly every: Interval };

export const unitName = "waifuctl-reconcile";

/** systemd.exec(5): findings and repairs that failed are for a person to read, and no failure of the unit. */
export function serviceUnit({ argv }: Job): string {
  return `# Of waifuctl: cron install writes it anew.
[Unit]
Description=Mend what broke on the nodes
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
ExecStart=${argv.map(systemdWord).join(" ")}
SuccessExitStatus=5 9
TimeoutStartSec=15min
`;
}

/** Spread a little, so that several operators' machines don't come at once; made up for after the machine was off. */
export function timerUnit({ every: { minutes } }: Job): string {
  return `# Of waifuctl: cron install writes it anew.
[Unit]
Description=Mend what broke on the nodes, every ${minutes} min

[Timer]
OnBootSec=2min
OnUnitActiveSec=${minutes}min
RandomizedDelaySec=${Math.min(60, minutes * 6)}

[Install]
WantedBy=timers.target
`;
}

const [begin, end] = ["# waifuctl reconcile: begin", "# waifuctl reconcile: end"];

/** The crontab with our lines in place of those there were; without a job, without them. */
export function withCronJob(crontab: string, job: Job | undefined): string {
  const lines = crontab.split("\n");
  const [from, to] = [lines.indexOf(begin), lines.indexOf(end)];
  const others = from < 0 || to < from ? lines : [...lines.slice(0, from), ...lines.slice(to + 1)];
  const kept = others.join("\n").replace(/\n*$/, "\n").replace(/^\n$/, "");
  return job === undefined ? kept : `${kept}${begin}\n${cronLine(job)}\n${end}\n`;
}

export function hasCronJob(crontab: string): boolean {
  return crontab.split("\n").includes(begin);
}

/** In crontab(5) a percent sign ends the line, quoted or not. */
function cronLine({ argv, every: { minutes } }: Job): string {
  const when = minutes < 60 ? `*/${minutes} * * * *` : `0 */${minutes / 60} * * *`;
  return `${when} ${argv.map(quote).join(" ").replaceAll("%", "\\%")}`;
}

/** systemd.syntax(7): specifiers and variables are doubled. */
function systemdWord(word: string): string {
  return `"${word.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("%", "%%").replaceAll("$", "$$$$")}"`;
}
