import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const staleMs = 1_000;

type Lease = {
  readonly "ip-address"?: unknown;
  readonly "mac-address"?: unknown;
  readonly "expiry-time"?: unknown;
};

export type CallerSources = {
  /** The kernel's neighbour table, as /proc/net/arp shows it. */
  readonly arpFile: string;
  /** Where libvirt writes `BRIDGE.status`: a JSON array of leases. */
  readonly leaseFolder: string;
};

/** Which network card an address belongs to, by the kernel's own table, read at most a second ago. */
export class Callers {
  readonly #sources: CallerSources;
  readonly #now: () => number;
  #macs = new Map<string, string>();
  #readAtMs = Number.NEGATIVE_INFINITY;

  constructor(sources: CallerSources, now: () => number = Date.now) {
    this.#sources = sources;
    this.#now = now;
  }

  /**
   * In lower case. Undefined: the kernel knows no neighbour of that address, or several on different bridges of which no lease tells
   * the right one, or libvirt gave the address to another one.
   */
  macOf(address: string): string | undefined {
    if (Math.abs(this.#now() - this.#readAtMs) > staleMs) this.refresh();
    return this.#macs.get(address);
  }

  refresh(): void {
    const leases = this.#leases();
    this.#macs = new Map();
    for (const [address, macs] of neighbours(this.#sources.arpFile)) {
      const leased = leases.get(address);
      const mac = leased === undefined && macs.size === 1 ? [...macs][0] : leased;
      if (mac !== undefined && macs.has(mac)) this.#macs.set(address, mac);
    }
    this.#readAtMs = this.#now();
  }

  #leases(): Map<string, string> {
    const folder = this.#sources.leaseFolder;
    const names = readQuietly(() => readdirSync(folder)) ?? [];
    const leases = names
      .filter((name) => name.endsWith(".status"))
      .flatMap((name) => readQuietly(() => parseLeases(readFileSync(join(folder, name), "utf8"))) ?? []);
    const found = new Map<string, string>();
    for (const { "ip-address": address, "mac-address": mac, "expiry-time": expiry } of leases) {
      const isOver = typeof expiry === "number" && expiry > 0 && expiry * 1000 < this.#now();
      if (typeof address === "string" && typeof mac === "string" && !isOver)
        found.set(address, mac.toLowerCase());
    }
    return found;
  }
}

/** All that have answered: flag 2 of ATF_COM in proc(5), "complete". */
function neighbours(arpFile: string): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  const table = readQuietly(() => readFileSync(arpFile, "utf8")) ?? "";
  for (const line of table.split("\n").slice(1)) {
    const [address, , flags, mac] = line.trim().split(/\s+/);
    if (address === undefined || mac === undefined || (Number(flags) & 2) === 0) continue;
    found.set(address, (found.get(address) ?? new Set()).add(mac.toLowerCase()));
  }
  return found;
}

/** libvirt empties the file when no lease is left. */
function parseLeases(text: string): Lease[] {
  const leases: unknown = text.trim() === "" ? [] : JSON.parse(text);
  return Array.isArray(leases) ? leases.filter((lease) => typeof lease === "object" && lease !== null) : [];
}

/** A file that is missing, or is being rewritten just now, tells nothing. */
function readQuietly<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
