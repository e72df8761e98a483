import { stat } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { digestFor, parseChecksums } from "../catalog/checksums.ts";
import { resolveEntry } from "../catalog/resolve-entry.ts";
import type { CatalogEntry } from "../config/catalog.ts";
import { WaifuError } from "../errors.ts";
import { fetchText } from "../http/fetch-text.ts";
import { hashUrl } from "../http/hash-url.ts";
import type { Watch } from "../nodes/run-plan.ts";
import { imageKindOf } from "../qemu/image-kind.ts";
import { reported } from "../reporter.ts";
import type { TemplateVersion } from "../state/templates.ts";
import { hashFile } from "./hash-file.ts";
import { algorithmOf } from "./versions.ts";

/** Where an image is and which bytes are meant: a version before it has a name and a date. */
export type Provenance = Omit<TemplateVersion, "name" | "addedAt">;

/** How the right bytes are known; at most one of them. */
export type Proof = {
  readonly sha256?: string;
  readonly sha512?: string;
  readonly checksumUrl?: string;
  readonly trustOnFirstUse?: boolean;
};

/** What the catalog's entry means today. Throws `refused`, or as `fetchText` does. */
export async function provenanceOfEntry(entry: CatalogEntry, { signal }: Watch): Promise<Provenance> {
  const { url, digest, release } = await resolveEntry(entry, (page) => fetchText(page, { signal }));
  const provenance: Provenance = { source: url, digest, trust: "published", catalog: entry.name, release };
  if (entry.kind === "unpublished") return provenance;
  const { firmware, seed, user, diskBytes: minDiskBytes } = entry;
  return { ...provenance, firmware, seed, user, minDiskBytes };
}

/** Throws `usage` for contradicting or impossible proofs, `digest-mismatch` when a file is another, `refused` for what is no image. */
export async function provenanceOf(source: string, proof: Proof, watch: Watch): Promise<Provenance> {
  checkProof(proof);
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(source)
    ? await provenanceOfUrl(source, proof, watch)
    : await provenanceOfFile(source, proof, watch);
}

async function provenanceOfUrl(source: string, proof: Proof, watch: Watch): Promise<Provenance> {
  if (!/^https?:\/\//i.test(source) || !URL.canParse(source)) {
    throw new WaifuError("usage", `nodes can't fetch ${source}`, {
      hint: "Give an http:// or https:// URL, or a file.",
    });
  }
  if (proof.trustOnFirstUse) return await onFirstUse(source, watch);
  const file = decodeURIComponent(basename(new URL(source).pathname));
  const digest = await wantedDigest(file, proof, watch);
  if (digest !== undefined) return { source, digest, ...trustOf(proof) };
  throw new WaifuError("usage", `${source} needs its checksum: what a URL holds can change`, {
    hint: "Add --checksum-url URL, or --sha256 DIGEST from the distribution's SHA256SUMS; or --trust-on-first-use.",
  });
}

async function onFirstUse(url: string, { reporter, signal }: Watch): Promise<Provenance> {
  const { digest, bytes, etag, lastModified } = await reported(reporter, `checksum of ${url}`, (step) =>
    hashUrl(url, "sha256", {
      signal,
      check: (beginning) => void imageKindOf(beginning),
      onBytes: (doneBytes, totalBytes) => step.update({ doneBytes, totalBytes }),
    }),
  );
  return { source: url, digest, trust: "first-use", imageBytes: bytes, etag, lastModified };
}

async function provenanceOfFile(file: string, proof: Proof, watch: Watch): Promise<Provenance> {
  const path = resolve(file);
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile() !== true) {
    throw new WaifuError("not-found", `there is no file ${path}`, {
      hint: "Give an image file, or an http(s):// URL.",
    });
  }
  const wanted = await wantedDigest(basename(path), proof, watch);
  const digest = await hashFile(path, wanted === undefined ? "sha256" : algorithmOf(wanted), watch);
  if (wanted !== undefined && wanted !== digest) {
    throw new WaifuError(
      "digest-mismatch",
      `${path} is not the image that was meant: its checksum is ${digest}, not ${wanted}`,
      { hint: "Fetch the image again, or give the digest of the one that you want." },
    );
  }
  imageKindOf(
    await Bun.file(path)
      .slice(0, 64 * 1024)
      .bytes(),
  );
  return { source: path, digest, imageBytes: found.size, ...trustOf(proof) };
}

/** In lower case; absent when nobody said. */
async function wantedDigest(
  file: string,
  proof: Proof,
  { reporter, signal }: Watch,
): Promise<string | undefined> {
  const { sha256, sha512, checksumUrl } = proof;
  if (checksumUrl === undefined) return (sha256 ?? sha512)?.toLowerCase();
  if (/^http:/i.test(checksumUrl))
    reporter.warn(`${checksumUrl} comes without TLS: whoever is on the way can name other bytes.`);
  return digestFor(parseChecksums(await fetchText(checksumUrl, { signal }), checksumUrl), file, checksumUrl);
}

function trustOf({ checksumUrl, sha256, sha512 }: Proof): Pick<Provenance, "trust" | "checksumUrl"> {
  if (checksumUrl !== undefined) return { trust: "published", checksumUrl };
  return { trust: (sha256 ?? sha512) === undefined ? "computed" : "given" };
}

function checkProof({ sha256, sha512, checksumUrl, trustOnFirstUse }: Proof): void {
  const given = Object.entries({
    "--sha256": sha256 !== undefined,
    "--sha512": sha512 !== undefined,
    "--checksum-url": checksumUrl !== undefined,
    "--trust-on-first-use": trustOnFirstUse === true,
  }).flatMap(([flag, isGiven]) => (isGiven ? [flag] : []));
  if (given.length > 1) {
    throw new WaifuError("usage", `${given.join(" and ")} don't go together`, { hint: "Give one of them." });
  }
  checkDigest("--sha256", sha256, 64);
  checkDigest("--sha512", sha512, 128);
}

function checkDigest(flag: string, digest: string | undefined, digits: number): void {
  if (digest === undefined || (digest.length === digits && /^[0-9a-f]+$/i.test(digest))) return;
  throw new WaifuError("usage", `${flag} takes ${digits} hexadecimal digits, not ${JSON.stringify(digest)}`, {
    hint: "Copy it from the distribution's checksum file.",
  });
}
