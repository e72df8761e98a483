import { WaifuError } from "../../errors.ts";
import { describePlan, renderPlan } from "../../nodes/describe-plan.ts";
import { carryOut, here, planInstall } from "../../reconcile/timer.ts";
import { changes, defineCommand } from "../define-command.ts";

export const command = defineCommand({
  examples: [
    "waifuctl cron install",
    "waifuctl cron install --every 1h --report /var/lib/node_exporter/waifu.prom",
  ],
  args: {
    every: {
      type: "string",
      valueHint: "TIME",
      default: "5m",
      parse: parseInterval,
      description: "How often: 1m to 59m, or 1h to 23h",
    },
    report: { type: "string", valueHint: "FILE", description: "Have it write figures for Prometheus there" },
    ...changes,
  },
  async run({ every, report, dryRun }, { deps, reporter, print }) {
    if (!Bun.main.startsWith("/$bunfs/")) {
      throw new WaifuError("refused", "this waifuctl runs from source: nothing could be called by itself", {
        hint: "Build the program (npm run build), and run that.",
      });
    }
    const { config } = await deps();
    const where = report === undefined ? [] : ["--report", report];
    const argv = [process.execPath, "reconcile", "--cluster", config.path, ...where] as const;
    const runner = here();
    const plan = await planInstall(runner, { argv, every });
    const steps = [{ title: plan.by, commands: plan.commands }];
    if (dryRun) {
      const shown = describePlan({
        verb: "cron install",
        instance: "",
        node: { name: "this machine" },
        stages: [steps],
      });
      return print(shown, () => renderPlan(shown));
    }
    await carryOut(runner, plan);
    reporter.note("It has no ssh-agent: what logs in to the nodes must be a key file without passphrase.");
    const told = plan.by === "systemd" ? "systemctl list-timers" : "crontab -l";
    print(
      { by: plan.by, minutes: every.minutes, argv },
      `reconcile runs every ${every.minutes} min; see: ${told}\n`,
    );
  },
});

/** Only what divides an hour or a day evenly enough for crontab(5) to say it. */
function parseInterval(text: string): { readonly minutes: number } {
  const [, amount, unit] = /^(\d{1,2})([mh])$/.exec(text) ?? [];
  const number = Number(amount);
  if (unit === "m" && number >= 1 && number < 60) return { minutes: number };
  if (unit === "h" && number >= 1 && number < 24) return { minutes: number * 60 };
  throw new WaifuError("usage", `${JSON.stringify(text)} is no time from 1m to 59m or from 1h to 23h`);
}
