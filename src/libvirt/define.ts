import { type Command, repeatable } from "../command.ts";
import { type Reservation, reserveAddress } from "./network.ts";
import { START_MS, virsh } from "./virsh.ts";

/** An address that a network is to keep for a domain. */
export type Lodging = { readonly network: string; readonly reservation: Reservation };

/**
 * Defines a domain that starts with its node, checked against libvirt's own schema, and with it reserves its address. Defining the
 * same again changes nothing. `cat` makes a pipe of whatever standard input is: /dev/stdin can't be opened when that is a socket, as
 * it is under Bun and under some builds of sshd.
 */
export function defineDomain(uri: string, uuid: string, xml: string, lodging?: Lodging): Command {
  const virshCommands = `define --validate /dev/stdin; autostart ${uuid}`;
  const options = { stdin: xml, timeoutMs: START_MS };
  if (lodging === undefined) return repeatable(["cat"], { pipeTo: [virsh(uri, virshCommands)], ...options });
  return reserveAddress(uri, lodging.network, lodging.reservation, { virshCommands, ...options });
}
