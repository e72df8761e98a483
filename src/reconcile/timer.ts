import { type Command, repeatable } from "../command.ts";
import { WaifuError } from "../errors.ts";
import { lastComplaint } from "../libvirt/virsh.ts";
import { LocalRunner } from "../ssh/local-runner.ts";
import type { Runner } from "../ssh/runner.ts";
import { removeFiles, writeFile } from "../storage/node-files.ts";
import { hasCronJob, type Job, serviceUnit, timerUnit, unitName, withCronJob } from "./timer-files.ts";

/** What of this machine can run something by itself. */
type Clock = {
  /** Absent: no systemd answers. */
  readonly systemd?: {
    readonly scope: "system" | "user";
    readonly folder: string;
    readonly hasUnits: boolean;
  };
  /** It goes on while its user is logged out. */
  readonly lingers: boolean;
  readonly user: string;
  /** Absent: there is no crontab. */
  readonly crontab?: string;
  readonly hasCron: boolean;
};

/** How it is put on this machine or taken away, as commands to be run here. */
export type TimerPlan = {
  readonly by: "systemd" | "crontab" | "nothing";
  readonly commands: readonly Command[];
};

const lookScript = `
user=$(id -un)
echo "user $user"
if [ "$(id -u)" = 0 ]; then
  folder=/etc/systemd/system
  [ -d /run/systemd/system ] && echo "systemd system $folder"
  echo lingers
else
  folder=\${XDG_CONFIG_HOME:-$HOME/.config}/systemd/user
  systemctl --user show-environment >/dev/null 2>&1 && echo "systemd user $folder"
  [ "$(loginctl show-user "$user" -p Linger --value 2>/dev/null)" = yes ] && echo lingers
fi
[ -e "$folder/$1.timer" ] && echo units
pgrep -x 'crond?|fcron' >/dev/null && echo cron
if command -v crontab >/dev/null; then echo crontab; crontab -l 2>/dev/null; fi
exit 0`;

/** A systemd timer where systemd answers: root's own, or the user's. Else a crontab line. Throws `refused` where neither would ever run. */
export async function planInstall(runner: Runner, job: Job): Promise<TimerPlan> {
  const clock = await look(runner);
  const { systemd, crontab, user } = clock;
  if (systemd !== undefined && clock.lingers) {
    const path = `${systemd.folder}/${unitName}`;
    const units = [
      writeFile(`${path}.service`, serviceUnit(job)),
      writeFile(`${path}.timer`, timerUnit(job)),
      systemctl(systemd.scope, "daemon-reload"),
      systemctl(systemd.scope, "enable", "--now", `${unitName}.timer`),
    ];
    return { by: "systemd", commands: [...units, ...withoutCronJob(crontab)] };
  }
  if (crontab !== undefined && clock.hasCron)
    return { by: "crontab", commands: [...withoutUnits(clock), writeCrontab(withCronJob(crontab, job))] };
  if (systemd !== undefined) {
    throw new WaifuError("refused", `the timers of ${user} end when ${user} logs out`, {
      hint: `loginctl enable-linger ${user}`,
    });
  }
  throw new WaifuError("refused", "neither systemd nor a cron daemon runs on this machine", {
    hint:
      crontab === undefined
        ? "Install one (apt-get install cron), or run waifuctl reconcile by what you have."
        : "Start the cron daemon (service cron start).",
  });
}

/** This machine, by whoever runs it. */
export function here(): Runner {
  return new LocalRunner({ node: "this machine" });
}

/** Whichever way it was put there. */
export async function planRemove(runner: Runner): Promise<TimerPlan> {
  const clock = await look(runner);
  const [units, lines] = [withoutUnits(clock), withoutCronJob(clock.crontab)];
  const by = units.length > 0 ? "systemd" : lines.length > 0 ? "crontab" : "nothing";
  return { by, commands: [...units, ...lines] };
}

/** Throws `remote-failed` with what the first that failed said. */
export async function carryOut(runner: Runner, { commands }: TimerPlan): Promise<void> {
  for (const command of commands) {
    const { exitCode, stderr } = await runner.run(command);
    if (exitCode === 0) continue;
    throw new WaifuError("remote-failed", `${command.argv[0]} failed: ${lastComplaint(stderr)}`, {
      hint: "See what was run with --dry-run.",
    });
  }
}

async function look(runner: Runner): Promise<Clock> {
  const { stdout } = await runner.run(repeatable(["sh", "-c", lookScript, "sh", unitName]));
  const [head = "", crontab] = stdout.split(/^crontab\n/m);
  const [, scope, folder = ""] = /^systemd (system|user) (.*)$/m.exec(head) ?? [];
  const hasUnits = /^units$/m.test(head);
  return {
    systemd: scope === "system" || scope === "user" ? { scope, folder, hasUnits } : undefined,
    lingers: /^lingers$/m.test(head),
    user: /^user (.*)$/m.exec(head)?.[1] ?? "",
    crontab,
    hasCron: /^cron$/m.test(head),
  };
}

function withoutUnits({ systemd }: Clock): Command[] {
  if (systemd?.hasUnits !== true) return [];
  const path = `${systemd.folder}/${unitName}`;
  return [
    systemctl(systemd.scope, "disable", "--now", `${unitName}.timer`),
    removeFiles(`${path}.timer`, `${path}.service`),
    systemctl(systemd.scope, "daemon-reload"),
  ];
}

function withoutCronJob(crontab: string | undefined): Command[] {
  if (crontab === undefined || !hasCronJob(crontab)) return [];
  return [writeCrontab(withCronJob(crontab, undefined))];
}

function writeCrontab(text: string): Command {
  return repeatable(["crontab", "-"], { stdin: text });
}

function systemctl(scope: "system" | "user", ...words: string[]): Command {
  return repeatable(["systemctl", ...(scope === "user" ? ["--user"] : []), ...words]);
}
