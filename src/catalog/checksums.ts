import { Buffer } from "node:buffer";
import { WaifuError } from "../errors.ts";

/** A digest as somebody publishes it: lower-case hex, of whatever length. */
export type Checksum = {
  /** The file as it is named there, perhaps with a path or a URL before it; absent where the digest stands alone. */
  readonly file?: string;
  readonly digest: string;
};

/**
 * What a checksum file or an index says, in its order: the lines of `sha256sum` and of BSD's `sha256`, a digest alone, or JSON.
 * Throws `refused` for any other text; `where` is its URL.
 */
export function parseChecksums(text: string, where: string): Checksum[] {
  const checksums = /^\s*[[{]/.test(text) ? fromJson(text) : fromLines(text);
  if (checksums.length > 0) return checksums;
  throw new WaifuError("refused", `${where} holds no checksums in a form that waifuctl knows`, {
    hint: "Look at it: the publisher may have moved it, or a proxy may have answered in its place.",
  });
}

/**
 * The digest of `file`, SHA-256 rather than SHA-512 where both are there: 64 or 128 digits. Throws `refused` when it is not named,
 * has only weaker digests, or two that differ.
 */
export function digestFor(checksums: readonly Checksum[], file: string, where: string): string {
  const named = checksums.filter((one) => one.file === undefined || names(one.file, file));
  if (named.length === 0) {
    throw new WaifuError("refused", `${where} does not name ${file}`, {
      hint: "The image may have a newer name: look at the checksum file.",
    });
  }
  for (const length of [64, 128]) {
    const digests = new Set(named.map(({ digest }) => digest).filter((digest) => digest.length === length));
    const [digest] = digests;
    if (digest !== undefined && digests.size === 1) return digest;
    if (digests.size > 1) {
      throw new WaifuError("refused", `${where} has ${digests.size} different digests for ${file}`, {
        hint: "Ask the publisher which is right; --sha256 takes the one that you trust.",
      });
    }
  }
  throw new WaifuError("refused", `${where} has neither SHA-256 nor SHA-512 for ${file}`, {
    hint: "MD5 and SHA-1 can be forged. Compute the SHA-256 of a copy that you trust, and give it with --sha256.",
  });
}

function names(published: string, file: string): boolean {
  return published === file || published.endsWith(`/${file}`);
}

/** Hex digits of each digest that is published. */
const digits = new Map([
  ["MD5", 32],
  ["SHA1", 40],
  ["SHA224", 56],
  ["SHA256", 64],
  ["SHA384", 96],
  ["SHA512", 128],
]);

const hex = /^[0-9a-f]{32,128}$/i;
const gnuLine = /^([0-9a-f]{32,128})\s+\*?(\S.*)$/i;
const bsdLine = /^(MD5|SHA-?\d+) \((.+)\) = ([0-9a-f]+)$/i;

function fromLines(text: string): Checksum[] {
  const lines = signedPart(text.replaceAll("\r\n", "\n"))
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
  const [only = ""] = lines;
  if (lines.length === 1 && hex.test(only)) return [{ digest: only.toLowerCase() }];
  return lines.flatMap((line) => {
    const [, gnuDigest, gnuFile] = gnuLine.exec(line) ?? [];
    if (gnuDigest !== undefined) return [{ file: gnuFile, digest: gnuDigest.toLowerCase() }];
    const [, algorithm, file, digest] = bsdLine.exec(line) ?? [];
    return checksum(file, algorithm, digest);
  });
}

/** RFC 9580, 7: what a clear-signed message says, without its armour. Nobody has signed what stands outside. */
function signedPart(text: string): string {
  const armoured =
    /^-----BEGIN PGP SIGNED MESSAGE-----\n(?:.+\n)*\n((?:.*\n)*?)-----BEGIN PGP SIGNATURE-----$/m;
  return armoured.exec(text)?.[1]?.replace(/^- /gm, "") ?? text;
}

function fromJson(text: string): Checksum[] {
  try {
    return published(JSON.parse(text), "");
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}

/**
 * Every object that names a file and its digest, wherever it stands: simplestreams (path), Fedora's releases.json (link), Oracle's
 * templates (image, below the base_url around it), and Debian's uploads (data.ref, with base64 in an annotation).
 */
function published(value: unknown, folder: string): Checksum[] {
  if (typeof value !== "object" || value === null) return [];
  const below = textAt(value, "base_url") ?? folder;
  const image = textAt(value, "image");
  const file = textAt(value, "path") ?? textAt(value, "link") ?? (image && `${below}/${image}`);
  const annotation = textAt(at(at(value, "metadata"), "annotations"), "cloud.debian.org/digest");
  const [, algorithm, base64 = ""] = /^(\w+):(.+)$/.exec(annotation ?? "") ?? [];
  return [
    ...checksum(file, "SHA256", textAt(value, "sha256")),
    ...checksum(textAt(at(value, "data"), "ref"), algorithm, Buffer.from(base64, "base64").toString("hex")),
    ...Object.values(value).flatMap((child) => published(child, below)),
  ];
}

/** Nothing where a part is missing, or where the digest is not of its algorithm's length. */
function checksum(file?: string, algorithm = "", digest = ""): Checksum[] {
  const isWhole = digits.get(algorithm.toUpperCase().replace("-", "")) === digest.length && hex.test(digest);
  return file === undefined || !isWhole ? [] : [{ file, digest: digest.toLowerCase() }];
}

function at(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
}

function textAt(value: unknown, key: string): string | undefined {
  const found = at(value, key);
  return typeof found === "string" ? found : undefined;
}
