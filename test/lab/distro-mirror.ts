import { createReadStream } from "node:fs";
import { join } from "node:path";
import { stringify } from "smol-toml";
import type { Table } from "./waifuctl.ts";
import type { WebTree } from "./web-tree.ts";

export type Published = {
  readonly release: string;
  /** Of the image on the mirror. */
  readonly path: string;
  /** As the catalog's index has it. */
  readonly digest: string;
  /** A checksum file that names the image, or stands for it alone. */
  readonly checksums: string;
};

/** Some distribution's corner of a mirror. */
export type Distro = {
  /** In the catalog. */
  readonly name: string;
  readonly entry: Table;
  /** Puts a release beside the older ones; the index, and `latest` where there is one, move on to it. */
  publish(release: string, image: string): Promise<Published>;
};

export type Distros = {
  readonly debian: Distro;
  readonly ubuntu: Distro;
  readonly fedora: Distro;
  readonly alpine: Distro;
};

const known = { format: "qcow2", user: "waifu", firmware: "bios", disk: "32M", seed: "cidata" };

/**
 * Laid out like the real ones, so that the five forms of a checksum all occur: GNU's (Debian's text, Ubuntu's with `*`), BSD's in a clear-signed
 * file (Fedora), a bare one beside the image (Alpine), hex in JSON (Ubuntu's simplestreams), base64 in JSON (Debian).
 */
export function layOut(tree: WebTree): Distros {
  return { debian: debian(tree), ubuntu: ubuntu(tree), fedora: fedora(tree), alpine: alpine(tree) };
}

/** A catalog file of the operator's own that has these. */
export async function writeCatalog(home: string, distros: readonly Distro[]): Promise<void> {
  const tables = Object.fromEntries(
    distros.map(({ name, entry }) => [name, { title: name, ...known, ...entry }]),
  );
  await Bun.write(join(home, "catalog.toml"), stringify(tables));
}

function debian(tree: WebTree): Distro {
  const folder = "/debian/trixie";
  return {
    name: "mirror-debian",
    entry: {
      start: tree.url(`${folder}/latest/debian-13-genericcloud-amd64.json`),
      base: tree.url("/debian/"),
      file: String.raw`debian-13-genericcloud-amd64-([\d-]+)\.qcow2`,
    },
    async publish(release, image) {
      const stem = `${folder}/${release}/debian-13-genericcloud-amd64-${release}`;
      const hash = await hashFile("sha512", image);
      const upload = (format: string, digest: string) => ({
        apiVersion: "cloud.debian.org/v1alpha1",
        data: { provider: "cloud.debian.org", ref: `${stem.replace("/debian/", "")}.${format}` },
        kind: "Upload",
        metadata: { annotations: { "cloud.debian.org/digest": `sha512:${digest}` } },
      });
      const base64 = hash.toString("base64").replace(/=+$/, "");
      const items = [upload("raw", "A".repeat(86)), upload("qcow2", base64)];
      const json = JSON.stringify({ apiVersion: "v1", items, kind: "List" }, null, 4);
      const sums = `${folder}/${release}/SHA512SUMS`;
      tree.put(`${stem}.qcow2`, { file: image });
      tree.put(`${stem}.json`, { text: json });
      tree.put(sums, {
        text: `${"0".repeat(128)}  other.tar.xz\n${hash.toString("hex")}  ${stem.split("/").at(-1)}.qcow2\n`,
      });
      tree.put(`${folder}/latest/debian-13-genericcloud-amd64.json`, { text: json });
      return { release, path: `${stem}.qcow2`, digest: hash.toString("hex"), checksums: sums };
    },
  };
}

function ubuntu(tree: WebTree): Distro {
  const index = "/ubuntu/streams/v1/com.ubuntu.cloud:released:download.json";
  const versions: Record<string, object> = {};
  return {
    name: "mirror-ubuntu",
    entry: {
      start: tree.url(index),
      base: tree.url("/ubuntu/"),
      file: String.raw`release-([\d.]+)/ubuntu-24\.04-server-cloudimg-amd64\.img`,
    },
    async publish(release, image) {
      const folder = `server/releases/noble/release-${release}`;
      const name = "ubuntu-24.04-server-cloudimg-amd64.img";
      const sha256 = (await hashFile("sha256", image)).toString("hex");
      const file = { ftype: "disk1.img", path: `${folder}/${name}`, sha256, size: Bun.file(image).size };
      const manifest = {
        ftype: "manifest",
        path: `${folder}/${name}.manifest`,
        sha256: "0".repeat(64),
        size: 1,
      };
      versions[release] = { items: { "disk1.img": file, manifest }, label: "release" };
      const products = {
        "com.ubuntu.cloud:server:24.04:amd64": { arch: "amd64", release: "noble", versions },
      };
      const checksums = `/ubuntu/${folder}/SHA256SUMS`;
      tree.put(`/ubuntu/${folder}/${name}`, { file: image });
      tree.put(checksums, { text: `${"0".repeat(64)} *${name}.manifest\n${sha256} *${name}\n` });
      tree.put(index, { text: JSON.stringify({ format: "products:1.0", products }) });
      return { release, path: `/ubuntu/${folder}/${name}`, digest: sha256, checksums };
    },
  };
}

function fedora(tree: WebTree): Distro {
  const root = "/fedora/linux/releases/";
  return {
    name: "mirror-fedora",
    entry: {
      start: tree.url(root),
      descend: [
        String.raw`\d+/`,
        "Cloud/",
        "x86_64/",
        "images/",
        String.raw`Fedora-Cloud-[\d.-]+-x86_64-CHECKSUM`,
      ],
      file: String.raw`Fedora-Cloud-Base-Generic-([\d.-]+)\.x86_64\.qcow2`,
    },
    async publish(release, image) {
      const folder = `${root}${release.split("-")[0]}/Cloud/x86_64/images`;
      const name = `Fedora-Cloud-Base-Generic-${release}.x86_64.qcow2`;
      const digest = (await hashFile("sha256", image)).toString("hex");
      const checksums = `${folder}/Fedora-Cloud-${release}-x86_64-CHECKSUM`;
      const lines = [
        ...["-----BEGIN PGP SIGNED MESSAGE-----", "Hash: SHA256", ""],
        ...[`# ${name}: ${Bun.file(image).size} bytes`, `SHA256 (${name}) = ${digest}`],
        ...[`SHA256 (other.raw.xz) = ${"0".repeat(64)}`, `SHA256 (${name}) = ${digest}`],
        ...["-----BEGIN PGP SIGNATURE-----", "", "iQIzBAEBCAAdFiEE", "-----END PGP SIGNATURE-----", ""],
      ];
      tree.put(`${folder}/${name}`, { file: image });
      tree.put(checksums, { text: lines.join("\n") });
      return { release, path: `${folder}/${name}`, digest, checksums };
    },
  };
}

function alpine(tree: WebTree): Distro {
  const folder = "/alpine/latest-stable/releases/cloud";
  return {
    name: "mirror-alpine",
    entry: {
      firmware: "uefi",
      start: tree.url(`${folder}/`),
      descend: [String.raw`alpine-[\d.]+-x86_64-cloudinit-r\d+\.qcow2\.sha512`],
      file: String.raw`alpine-([\d.]+)-x86_64-cloudinit-(?:r\d+)\.qcow2`,
    },
    async publish(release, image) {
      const path = `${folder}/alpine-${release}-x86_64-cloudinit-r0.qcow2`;
      const digest = (await hashFile("sha512", image)).toString("hex");
      tree.put(path, { file: image });
      tree.put(`${path}.sha512`, { text: `${digest}\n` });
      return { release, path, digest, checksums: `${path}.sha512` };
    },
  };
}

async function hashFile(algorithm: "sha256" | "sha512", path: string): Promise<Buffer> {
  const hasher = new Bun.CryptoHasher(algorithm);
  for await (const chunk of createReadStream(path)) hasher.update(chunk);
  return hasher.digest();
}
