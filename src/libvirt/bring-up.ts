import { type Command, repeatable } from "../command.ts";
import { START_MS } from "./virsh.ts";

/** True where each driver has a daemon of its own, as on Fedora since 35; some have both installed, and one in use. */
export const isModularScript =
  "systemctl cat virtqemud.service >/dev/null 2>&1 && ! systemctl is-enabled --quiet libvirtd.service 2>/dev/null";

const daemonsScript = `
units='libvirtd.service'
if ${isModularScript}; then
  units='virtqemud.socket virtqemud.service virtnetworkd.socket virtnetworkd.service'
fi
exec systemctl enable --now virtlogd.socket $units`;

/** Starts libvirt now and at every boot, which starts its guests; virtlogd keeps their console output. */
export function startLibvirt(): Command {
  return repeatable(["sh", "-c", daemonsScript]);
}

const networkScript = `
ask() { virsh -q -c "$1" "$2" "$3"; }
ask "$1" net-info "$2" >/dev/null 2>&1 || cat | ask "$1" net-define /dev/stdin || exit
virsh -q -c "$1" net-list --name | grep -qxF -e "$2" || ask "$1" net-start "$2" || exit
ask "$1" net-autostart "$2"`;

/** Starts a network now and at every boot; one that is not there is defined first. */
export function bringUpNetwork(uri: string, name: string, xml: string): Command {
  return repeatable(["sh", "-c", networkScript, "sh", uri, name], { stdin: xml, timeoutMs: START_MS });
}
