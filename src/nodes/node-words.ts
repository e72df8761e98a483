import type { NodeTable } from "../config/node-table.ts";
import { WaifuError } from "../errors.ts";

const ipv6 = String.raw`[\da-f:.]*::[\da-f:.]*|(?:[\da-f]+:){7}[\da-f]+`;
const nodeWord = new RegExp(
  String.raw`^(?:(?<name>[^=]*)=)?(?:(?<user>[^@=]+)@)?(?:\[(?<bracketed>[^[\]]+)\]|(?<bare>${ipv6})|(?<host>[^@=:[\]]+))(?::(?<port>\d+))?$`,
  "i",
);

/**
 * `[NAME=][USER@]HOST[:PORT]`, or `[NAME=]local` for this very machine. Without NAME the host's first label is taken, or
 * the whole of an address. Throws `usage`; what a name or a host may look like is checked with the whole table.
 */
export function parseNode(word: string): NodeTable {
  const { name, user, bracketed, bare, host, port } = nodeWord.exec(word)?.groups ?? {};
  const address = bracketed ?? bare ?? host;
  if (address === undefined) {
    throw new WaifuError("usage", `${JSON.stringify(word)} is no node`, {
      hint: "Write [NAME=][USER@]HOST[:PORT], or local for this very machine.",
    });
  }
  if (word.split("=").at(-1) === "local") return { name: name ?? "local", local: true };
  // In the order in which they are written.
  return {
    name: name ?? nameOf(address),
    address,
    port: port === undefined ? undefined : Number(port),
    user,
  };
}

function nameOf(address: string): string {
  const isNumeric = /^[\d.]+$|:/.test(address);
  return (isNumeric ? address.replace(/[.:%]+/g, "-") : (address.split(".")[0] ?? "")).toLowerCase();
}

/** `zfs:POOL` or `dir:/PATH`. Throws `usage`. */
export function parseStorage(word: string): NonNullable<NodeTable["storage"]> {
  const [, kind, place] = /^(zfs|dir):(.+)$/.exec(word) ?? [];
  if (kind === "zfs") return { kind, pool: place };
  if (kind === "dir") return { kind, path: place };
  throw new WaifuError("usage", `${JSON.stringify(word)} is no storage`, {
    hint: "Write zfs:POOL, or dir:/PATH for a folder of disk images.",
  });
}

/** What holds for every node whose own word does not say otherwise. */
export type SharedKeys = Pick<
  NodeTable,
  "user" | "identity_file" | "become" | "storage" | "network" | "bridge"
>;

export function withShared(table: NodeTable, { user, identity_file, ...others }: SharedKeys): NodeTable {
  return table.local
    ? { ...table, ...others }
    : { ...table, user: table.user ?? user, identity_file, ...others };
}
