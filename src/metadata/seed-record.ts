/** The files of a NoCloud seed, by the names under which cloud-init asks for them. */
export const seedFileNames = ["meta-data", "user-data", "vendor-data", "network-config"] as const;
export type SeedFileName = (typeof seedFileNames)[number];

/**
 * What a node's Redis holds for one guest, written by the operator and read by serve-metadata. The path token is the guest's alone: only
 * its SHA-256 is kept, here and on disk, so that nobody who reads either can ask as the guest.
 */
export type SeedRecord = {
  readonly uuid: string;
  readonly name: string;
  /** Counts the edits of the seed; the higher one wins. */
  readonly generation: number;
  /** SHA-256 of the token, 64 hexadecimal digits. */
  readonly tokenHash: string;
  /** Of the guest's interface, in lower case: who asks must have it. */
  readonly mac: string;
  /** For the EC2-style tree. */
  readonly publicKeys: readonly string[];
  /** What is absent is served as an empty file. */
  readonly files: Readonly<Partial<Record<SeedFileName, Uint8Array>>>;
};

/** A seed that was deleted leaves this for a while: an empty Redis is no reason to forget a guest. */
export type SeedTombstone = { readonly uuid: string; readonly deletedAt: string };

export const seedKeyPrefix = "waifu:seed:";
/** A Redis hash: `name`, `generation`, `token`, `mac`, `keys` (JSON) and `file:NAME` as bytes; or only `deleted` (ISO time). */
export const seedKey = (uuid: string) => `${seedKeyPrefix}${uuid}`;
/** Long enough for a node that was off. */
export const tombstoneSeconds = 90 * 24 * 3600;

/** When the service had to put the seed back (ISO time): what else Redis had of the guest, its secrets, is lost. */
export const restoredField = "restored";

/** A hash that serve-metadata fills as the guest boots: ISO times `metaDataAt`, `phoneHomeAt`; `hostKeys` (JSON array of public keys). */
export const bootKey = (uuid: string) => `waifu:boot:${uuid}`;

/** What cloud-init takes a guest for: a new one makes it run its per-instance modules again. */
export const instanceIdOf = (seed: { readonly uuid: string; readonly generation: number }) =>
  `${seed.uuid}-g${seed.generation}`;

/** As in the URL that the guest is given: 43 characters, 256 bits. */
export function makeToken(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64url");
}

export function hashToken(token: string): string {
  return new Bun.CryptoHasher("sha256").update(token).digest("hex");
}
