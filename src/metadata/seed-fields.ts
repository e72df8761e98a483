import { type SeedFileName, type SeedRecord, type SeedTombstone, seedFileNames } from "./seed-record.ts";

/** A seed as the fields of its Redis hash. Absent files have none, so DEL goes before HSET. */
export function seedFields(record: SeedRecord): [field: string, value: string | Uint8Array][] {
  const { name, generation, tokenHash, mac, publicKeys, files } = record;
  return [
    ["name", name],
    ["generation", String(generation)],
    ["token", tokenHash],
    ["mac", mac],
    ["keys", JSON.stringify(publicKeys)],
    ...seedFileNames.flatMap((file): [string, Uint8Array][] => {
      const bytes = files[file];
      return bytes === undefined ? [] : [[`file:${file}`, bytes]];
    }),
  ];
}

/** The other way round; undefined for a hash that is neither a seed nor a tombstone. */
export function parseSeedFields(
  uuid: string,
  fields: Readonly<Record<string, Uint8Array>>,
): SeedRecord | SeedTombstone | undefined {
  const text = (field: string) =>
    fields[field] === undefined ? "" : new TextDecoder().decode(fields[field]);
  const deletedAt = text("deleted");
  if (deletedAt !== "") return { uuid, deletedAt };
  const [name, tokenHash, mac] = [text("name"), text("token"), text("mac")];
  const generation = /^\d+$/.test(text("generation")) ? Number(text("generation")) : undefined;
  const publicKeys = parseKeys(text("keys"));
  const isWhole =
    name !== "" && /^[0-9a-f]{64}$/.test(tokenHash) && /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(mac);
  if (!isWhole || generation === undefined || publicKeys === undefined) return undefined;
  const files: Partial<Record<SeedFileName, Uint8Array>> = {};
  for (const file of seedFileNames) {
    const bytes = fields[`file:${file}`];
    if (bytes !== undefined) files[file] = bytes;
  }
  return { uuid, name, generation, tokenHash, mac, publicKeys, files };
}

function parseKeys(json: string): string[] | undefined {
  try {
    const keys: unknown = JSON.parse(json);
    return Array.isArray(keys) && keys.every((key) => typeof key === "string") ? keys : undefined;
  } catch {
    return undefined;
  }
}
