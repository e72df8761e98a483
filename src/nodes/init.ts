import { resolve } from "node:path";
import { loadClusterConfig, personalClusterFile } from "../config/load-cluster-config.ts";
import { parseClusterConfig } from "../config/parse-cluster-config.ts";
import { checkClusterFilePlace, saveClusterFile } from "../config/save-cluster-file.ts";
import { writeClusterConfig } from "../config/write-cluster-config.ts";
import { WaifuError } from "../errors.ts";
import {
  type Choose,
  type NodeTable,
  nodeOf,
  type Reach,
  type Setup,
  type Survey,
  survey,
} from "./survey.ts";
import { type HostKeyOffer, offerKeyOf } from "./trust.ts";

/** Where the file goes: where it is named, else the operator's own place. Throws `exists` or `refused` if it can't. */
export async function placeClusterFile(
  named: string | undefined,
  { environment }: Reach,
  mayReplace: boolean,
): Promise<string> {
  const path = resolve(named ?? (environment.WAIFU_CLUSTER || personalClusterFile(environment)));
  await checkClusterFilePlace(path, mayReplace);
  return path;
}

/** Shows host keys that nobody has recorded; throws to refuse them. */
export type Trust = (offers: readonly HostKeyOffer[]) => Promise<void>;

/**
 * Gets to know machines: `trust` is asked once, about all their unknown host keys; then each is looked at, and its table
 * bears its key. Throws `usage` for a table that can't be written.
 */
export async function introduce(
  setup: Setup,
  tables: readonly NodeTable[],
  { trust, choose }: { trust: Trust; choose: Choose },
): Promise<Survey[]> {
  checkNames(tables);
  const offers = await Promise.all(tables.map((table) => offer(setup, table)));
  const unknown = offers.filter((key) => key !== undefined).filter((key) => !key.isKnown);
  if (unknown.length > 0) await trust(unknown);
  return Promise.all(
    tables.map((table, index) => survey(setup, { ...table, host_key: offers[index]?.hostKey }, choose)),
  );
}

function checkNames(tables: readonly NodeTable[]): void {
  const names = tables.map(({ name }) => name);
  const repeated = names.find((name, index) => names.indexOf(name) !== index);
  if (repeated === undefined) return;
  throw new WaifuError("usage", `two nodes are named ${repeated}`, { hint: "Name them: NAME=ADDRESS" });
}

async function offer(setup: Setup, table: NodeTable): Promise<HostKeyOffer | undefined> {
  const { name, ssh } = nodeOf(setup, table);
  if (ssh === undefined || !setup.isProbing) return undefined;
  try {
    return await offerKeyOf(setup.dialer, { name, ssh });
  } catch (error) {
    // The login that follows fails as well, and tells why.
    if (error instanceof WaifuError) return undefined;
    throw error;
  }
}

/** Writes the file, whole or not at all. `isFound`: commands find it without --cluster. Throws `refused`. */
export async function writeCluster(
  { path, environment }: Setup,
  surveys: readonly Survey[],
  template: string | undefined,
): Promise<{ path: string; isFound: boolean }> {
  const text = writeClusterConfig({ defaults: { template }, node: surveys.map(({ table }) => table) });
  parseClusterConfig(text, path, environment);
  await saveClusterFile(path, text);
  const found = await loadClusterConfig({ cwd: process.cwd(), environment }).catch(() => undefined);
  return { path, isFound: found?.path === path };
}
