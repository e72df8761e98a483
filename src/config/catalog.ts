/** What waifuctl knows of the templates that others publish, by name. */
export type Catalog = ReadonlyMap<string, CatalogEntry>;

export type CatalogEntry = PublishedEntry | UnpublishedEntry;

export type PublishedEntry = {
  readonly kind: "published";
  readonly name: string;
  readonly title: string;
  readonly source: ImageSource;
  /** What the download is; its magic has the last word. */
  readonly format: ImageFormat;
  /** The login user that the image's cloud-init has by default. */
  readonly user: string;
  readonly firmware: "bios" | "uefi";
  /** Least size of a disk that holds it. */
  readonly diskBytes: number;
  /** How its cloud-init gets the seed: from a disk, or over HTTP. */
  readonly seed: "cidata" | "http";
};

/** A distribution that publishes no image, and what to do instead. */
export type UnpublishedEntry = {
  readonly kind: "unpublished";
  readonly name: string;
  readonly title: string;
  readonly reason: string;
  readonly hint: string;
};

/** How the newest image is found. Patterns are regular expressions that must match whole names. */
export type ImageSource = {
  /** The first page: a folder's listing, or the index itself where `descend` is empty. */
  readonly start: string;
  /** From page to page, the newest link that matches. */
  readonly descend: readonly string[];
  /** The index that names images and their checksums, below the last folder; empty where the last link is the index. */
  readonly index: string;
  /** The image's path in the index, as many of its last parts as it takes. Its groups, joined by `-`, are the release. */
  readonly file: string;
  /** Where the index's paths begin, if not at the index: a URL, in which {release} stands for the release. */
  readonly base?: string;
};

export const imageFormats = [
  "qcow2",
  "qcow2.gz",
  "qcow2.xz",
  "qcow2.zst",
  "raw",
  "raw.gz",
  "raw.xz",
  "raw.zst",
] as const;

export type ImageFormat = (typeof imageFormats)[number];
