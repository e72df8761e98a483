import type { Database } from "bun:sqlite";

/** One version of a template: a name for exactly these bytes. */
export type TemplateVersion = {
  readonly name: string;
  /** Of the image file as it was published, in hex: 64 digits are its SHA-256, 128 its SHA-512. */
  readonly digest: string;
  /** A URL that nodes fetch, an absolute path beside the operator, or `instance:NAME` for what was made of a disk. */
  readonly source: string;
  /** ISO 8601, UTC. The latest is the newest version. */
  readonly addedAt: string;
  /** Who says that these bytes are the right ones: the distribution, the operator's --sha256, the file itself, or whoever answered first. */
  readonly trust: "published" | "given" | "computed" | "first-use";
  /** The catalog's entry that it was found by. */
  readonly catalog?: string;
  /** Where its checksum was published, when it was added with --checksum-url. */
  readonly checksumUrl?: string;
  /** What the server said of a file that nobody publishes a checksum of: hints that it may have changed, no more. */
  readonly etag?: string;
  readonly lastModified?: string;
  /** What the distribution calls this version. */
  readonly release?: string;
  readonly firmware?: "bios" | "uefi";
  /** How its cloud-init is best given the seed. */
  readonly seed?: "cidata" | "http";
  /** Login user of the image as it comes. */
  readonly user?: string;
  readonly minDiskBytes?: number;
  /** Size of the image file. */
  readonly imageBytes?: number;
};

type Row = { name: string; digest: string; source: string; added_at: string; details: string };

export interface Templates {
  /** By name, and of each the newest version first. */
  all(): TemplateVersion[];
  /** Newest first. */
  versions(name: string): TemplateVersion[];
  /** A version that is known already becomes the newest again. */
  put(version: TemplateVersion): void;
  forget(name: string, digest: string): void;
}

export function templates(database: Database): Templates {
  const select = "SELECT * FROM template_versions";
  const order = "added_at DESC, rowid DESC";
  return {
    all: () => database.query<Row, []>(`${select} ORDER BY name, ${order}`).all().map(toVersion),
    versions: (name) =>
      database.query<Row, [string]>(`${select} WHERE name = ? ORDER BY ${order}`).all(name).map(toVersion),
    put: ({ name, digest, source, addedAt, ...details }) => {
      database
        .query(
          "INSERT OR REPLACE INTO template_versions (name, digest, source, added_at, details) VALUES (?, ?, ?, ?, ?)",
        )
        .run(name, digest, source, addedAt, JSON.stringify(details));
    },
    forget: (name, digest) => {
      database.query("DELETE FROM template_versions WHERE name = ? AND digest = ?").run(name, digest);
    },
  };
}

function toVersion({ name, digest, source, added_at: addedAt, details }: Row): TemplateVersion {
  return { name, digest, source, addedAt, trust: "given", ...JSON.parse(details) };
}
