import { describe, expect, test } from "bun:test";
import { here, planInstall, planRemove } from "../../src/reconcile/timer.ts";
import { type Job, serviceUnit, withCronJob } from "../../src/reconcile/timer-files.ts";
import { ScriptedRunner } from "../scripted-runner.ts";

const job: Job = {
  argv: ["/opt/my tools/waifuctl", "reconcile", "--cluster", "/home/me/100%.toml"],
  every: { minutes: 5 },
};
const machine = (...lines: string[]) =>
  new ScriptedRunner("here", [[/loginctl show-user/, `${lines.join("\n")}\n`]]);
const programs = (plan: { commands: readonly { argv: readonly string[] }[] }) =>
  plan.commands.map(({ argv }) => (argv[0] === "sh" ? `write ${argv.at(-1)}` : argv.join(" ")));
const own = "# waifuctl reconcile: begin\n*/5 * * * * waifuctl reconcile\n# waifuctl reconcile: end\n";

describe("install", () => {
  test("takes root's systemd", async () => {
    const plan = await planInstall(
      machine("user root", "systemd system /etc/systemd/system", "lingers"),
      job,
    );
    expect(programs(plan)).toEqual([
      "write /etc/systemd/system/waifuctl-reconcile.service",
      "write /etc/systemd/system/waifuctl-reconcile.timer",
      "systemctl daemon-reload",
      "systemctl enable --now waifuctl-reconcile.timer",
    ]);
  });

  test("takes the user's, if it lingers, and leaves no crontab line beside it", async () => {
    const systemd = "systemd user /home/me/.config/systemd/user";
    const plan = await planInstall(machine("user me", systemd, "lingers", "crontab", own), job);
    expect(programs(plan).slice(-2)).toEqual([
      "systemctl --user enable --now waifuctl-reconcile.timer",
      "crontab -",
    ]);
  });

  test("takes cron where that is what runs, and leaves no timer beside it", async () => {
    const plan = await planInstall(
      machine("user me", "systemd user /u", "units", "cron", "crontab", "0 1 * * * backup\n"),
      job,
    );
    expect(plan.by).toBe("crontab");
    expect(programs(plan)).toEqual([
      "systemctl --user disable --now waifuctl-reconcile.timer",
      "rm -f /u/waifuctl-reconcile.timer /u/waifuctl-reconcile.service",
      "systemctl --user daemon-reload",
      "crontab -",
    ]);
    expect(plan.commands.at(-1)?.stdin).toBe(
      "0 1 * * * backup\n# waifuctl reconcile: begin\n*/5 * * * * '/opt/my tools/waifuctl' reconcile --cluster /home/me/100\\%.toml\n# waifuctl reconcile: end\n",
    );
  });

  test.each([
    [
      "a user's systemd that ends with the login",
      ["user me", "systemd user /u"],
      "loginctl enable-linger me",
    ],
    ["a crontab that nobody reads", ["user me", "crontab"], "Start the cron daemon (service cron start)."],
    [
      "nothing",
      ["user me"],
      "Install one (apt-get install cron), or run waifuctl reconcile by what you have.",
    ],
  ])("refuses %s", async (_, lines, hint) => {
    expect(planInstall(machine(...lines), job)).rejects.toMatchObject({ code: "refused", hint });
  });
});

describe("remove", () => {
  test.each([
    [["user root", "systemd system /s", "lingers", "units"], "systemd", 3],
    [["user me", "cron", "crontab", own], "crontab", 1],
    [["user me", "cron", "crontab", "0 1 * * * backup\n"], "nothing", 0],
  ] as const)("%o", async (lines, by, count) => {
    const plan = await planRemove(machine(...lines));
    expect([plan.by, plan.commands.length]).toEqual([by, count]);
  });
});

test("this very machine can be asked", async () => {
  expect((await planRemove(here())).commands.every(({ repeatable }) => repeatable)).toBe(true);
});

test("a crontab keeps what others wrote in it, however often ours is put in and out", () => {
  const theirs = "MAILTO=me\n\n0 1 * * * backup\n";
  const once = withCronJob(theirs, job);
  expect(withCronJob(once, job)).toBe(once);
  expect(withCronJob(once, undefined)).toBe(theirs);
  expect(withCronJob("", undefined)).toBe("");
});

test("by the hour, in the crontab's own way", () => {
  expect(withCronJob("", { ...job, every: { minutes: 120 } })).toContain("0 */2 * * * ");
});

test("a unit's command line has no specifiers and no variables", () => {
  const unit = serviceUnit({ ...job, argv: ["/a b", "100%", "$HOME", '"'] });
  expect(unit).toContain('ExecStart="/a b" "100%%" "$$HOME" "\\""\n');
});
