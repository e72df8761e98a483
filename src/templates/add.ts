import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { WaifuError } from "../errors.ts";
import type { Cluster } from "../nodes/cluster.ts";
import type { Reporter } from "../reporter.ts";
import type { TemplateVersion } from "../state/templates.ts";

export type AddRequest = {
  readonly name: string;
  /** A URL, or a file beside the operator. */
  readonly source: string;
  /** SHA-256 in hex. A file's is computed when absent; a URL needs it. */
  readonly sha256?: string;
};

const nameRule = /^[a-z0-9][a-z0-9._-]{0,62}$/;

/**
 * Gives a name to exactly these bytes. No node is touched: the first `create` on each brings the image there and verifies it.
 * Throws `usage` for a bad name, digest or source, `digest-mismatch` when a file is another.
 */
export async function addTemplate(
  cluster: Cluster,
  request: AddRequest,
  reporter: Reporter,
): Promise<TemplateVersion> {
  const { name, sha256 } = request;
  if (!nameRule.test(name)) {
    throw new WaifuError("usage", `${JSON.stringify(name)} can't be a template's name`, {
      hint: "Lower-case letters, digits, dots, dashes and underscores, such as debian-12.",
    });
  }
  if (sha256 !== undefined && !/^[0-9a-f]{64}$/i.test(sha256)) {
    throw new WaifuError("usage", `--sha256 takes 64 hexadecimal digits, not ${JSON.stringify(sha256)}`, {
      hint: "Copy it from the distribution's SHA256SUMS file.",
    });
  }
  const { source, digest, trust } = /^[a-z]+:\/\//i.test(request.source)
    ? fromUrl(request.source, sha256)
    : await fromFile(request.source, sha256, reporter);
  const record = { name, source, digest: digest.toLowerCase(), addedAt: cluster.now().toISOString(), trust };
  cluster.state.templates.put(record);
  return record;
}

type Origin = Pick<TemplateVersion, "source" | "digest" | "trust">;

function fromUrl(url: string, sha256: string | undefined): Origin {
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) {
    throw new WaifuError("usage", `nodes can't fetch ${url}`, {
      hint: "Give an http:// or https:// URL, or a file.",
    });
  }
  if (sha256 === undefined) {
    throw new WaifuError("usage", `${url} needs its checksum: what a URL holds can change`, {
      hint: "Add --sha256 with the digest from the distribution's SHA256SUMS file.",
    });
  }
  return { source: url, digest: sha256, trust: "given" };
}

async function fromFile(file: string, sha256: string | undefined, reporter: Reporter): Promise<Origin> {
  const path = resolve(file);
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile() !== true) {
    throw new WaifuError("not-found", `there is no file ${path}`, {
      hint: "Give an image file, or an http(s):// URL.",
    });
  }
  const step = reporter.step(`checksum of ${path}`);
  const hasher = new Bun.CryptoHasher("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) hasher.update(chunk);
  const digest = hasher.digest("hex");
  step.done();
  if (sha256 !== undefined && sha256.toLowerCase() !== digest) {
    throw new WaifuError(
      "digest-mismatch",
      `${path} is not the image that was meant: its SHA-256 is ${digest}, not ${sha256}`,
      {
        hint: "Fetch the image again, or give the digest of the one that you want.",
      },
    );
  }
  return { source: path, digest, trust: sha256 === undefined ? "computed" : "given" };
}
