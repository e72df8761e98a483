import nwfilterTemplate from "../../templates/waifu-nwfilter.xml" with { type: "text" };
import { type Command, repeatable } from "../command.ts";
import { virsh } from "./virsh.ts";

/** Keeps a guest from sending with another's MAC or address. An interface that names it must give the address as `IP`. */
export const guestFilter = "waifu-guest";

/** Where libvirt keeps the filter's definition: a cheap way to see whether a node has it. */
export const guestFilterFile = `/etc/libvirt/nwfilter/${guestFilter}.xml`;

/** Defining the same again changes nothing; a changed filter takes effect on running guests at once. */
export function defineGuestFilter(uri: string): Command {
  // As in defineDomain: /dev/stdin must be a pipe.
  return repeatable(["cat"], {
    pipeTo: [virsh(uri, "nwfilter-define", "/dev/stdin")],
    stdin: String(nwfilterTemplate),
  });
}
