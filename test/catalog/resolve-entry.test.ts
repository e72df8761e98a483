import { describe, expect, test } from "bun:test";
import { findEntry, type ResolvedImage, resolveEntry } from "../../src/catalog/resolve-entry.ts";
import type { PublishedEntry } from "../../src/config/catalog.ts";
import { loadCatalog } from "../../src/config/load-catalog.ts";
import { WaifuError } from "../../src/errors.ts";
import { captured, capturedFiles } from "./captured.ts";

type Fixture = { readonly pages: Readonly<Record<string, string>>; readonly image: ResolvedImage };

const ubuntu = "https://cloud-images.ubuntu.com/releases/streams/v1/com.ubuntu.cloud:released:download.json";
const fedora = { "https://fedoraproject.org/releases.json": "fedora/releases.json" };

/** For each entry of the embedded catalog: what its pages hold, and which image that means. */
const fixtures: Readonly<Record<string, Fixture>> = {
  "debian-12": {
    pages: {
      "https://cloud.debian.org/images/cloud/bookworm/latest/debian-12-genericcloud-amd64.json":
        "debian/debian-12-genericcloud-amd64.json",
    },
    image: {
      url: "https://cloud.debian.org/images/cloud/bookworm/20250210-2019/debian-12-genericcloud-amd64-20250210-2019.qcow2",
      digest:
        "a58d86525d75fd8e139a2302531ce5d2ab75ef0273cfe78f9d53aada4b23efd45f8433b4806fa4570cfe981c8fae26f5e5e855cbd66ba2198862f28125fd2d45",
      release: "20250210-2019",
    },
  },
  "debian-13": {
    pages: {
      "https://cloud.debian.org/images/cloud/trixie/latest/debian-13-genericcloud-amd64.json":
        "debian/debian-13-genericcloud-amd64.json",
    },
    image: {
      url: "https://cloud.debian.org/images/cloud/trixie/20250814-2204/debian-13-genericcloud-amd64-20250814-2204.qcow2",
      digest:
        "d76122c87c940d1ab9334f4307c98c01dc42f0b49a20cddf278d59b92d34ab63d05ac1f40dffda3d2d32e381f097706eee6ccbf79a596bfb2cbb3d83c635ae35",
      release: "20250814-2204",
    },
  },
  "ubuntu-22.04": {
    pages: { [ubuntu]: "ubuntu/released-download.json" },
    image: {
      url: "https://cloud-images.ubuntu.com/releases/server/releases/jammy/release-20250429/ubuntu-22.04-server-cloudimg-amd64.img",
      digest: "952bc5bb4349897a409559c26fdec006a2744b103e005af6df8693cfab515bc2",
      release: "20250429",
    },
  },
  "ubuntu-24.04": {
    pages: { [ubuntu]: "ubuntu/released-download-2024.json" },
    image: {
      url: "https://cloud-images.ubuntu.com/releases/server/releases/noble/release-20240821/ubuntu-24.04-server-cloudimg-amd64.img",
      digest: "0e25ca6ee9f08ec5d4f9910054b66ae7163c6152e81a3e67689d89bd6e4dfa69",
      release: "20240821",
    },
  },
  "fedora-43": {
    pages: fedora,
    image: {
      url: "https://download.fedoraproject.org/pub/fedora/linux/releases/43/Cloud/x86_64/images/Fedora-Cloud-Base-Generic-43-1.6.x86_64.qcow2",
      digest: "846574c8a97cd2d8dc1f231062d73107cc85cbbbda56335e264a46e3a6c8ab2f",
      release: "43-1.6",
    },
  },
  "fedora-44": {
    pages: fedora,
    image: {
      url: "https://download.fedoraproject.org/pub/fedora/linux/releases/44/Cloud/x86_64/images/Fedora-Cloud-Base-Generic-44-1.7.x86_64.qcow2",
      digest: "28680fe5b371a5a82ebf43a31926e086a168e59949d03969c5093e7071f90b7f",
      release: "44-1.7",
    },
  },
  "rocky-9": {
    pages: { "https://dl.rockylinux.org/pub/rocky/9/images/x86_64/CHECKSUM": "rocky/9-CHECKSUM" },
    image: {
      url: "https://dl.rockylinux.org/pub/rocky/9/images/x86_64/Rocky-9-GenericCloud-Base-9.7-20251123.2.x86_64.qcow2",
      digest: "15d81d3434b298142b2fdd8fb54aef2662684db5c082cc191c3c79762ed6360c",
      release: "9.7-20251123.2",
    },
  },
  "rocky-10": {
    pages: { "https://dl.rockylinux.org/pub/rocky/10/images/x86_64/CHECKSUM": "rocky/10-CHECKSUM" },
    image: {
      url: "https://dl.rockylinux.org/pub/rocky/10/images/x86_64/Rocky-10-GenericCloud-Base-10.1-20251116.0.x86_64.qcow2",
      digest: "28628abf08a134c6f9e1eccbcac3f2898715919a6da294ae2c6cd66d6bc347ad",
      release: "10.1-20251116.0",
    },
  },
  "alma-9": {
    pages: {
      "https://repo.almalinux.org/almalinux/9/cloud/x86_64/images/CHECKSUM": "almalinux/9-CHECKSUM",
    },
    image: {
      url: "https://repo.almalinux.org/almalinux/9/cloud/x86_64/images/AlmaLinux-9-GenericCloud-9.7-20251118.x86_64.qcow2",
      digest: "5ff9c048859046f41db4a33b1f1a96675711288078aac66b47d0be023af270d1",
      release: "9.7-20251118",
    },
  },
  "alma-10": {
    pages: {
      "https://repo.almalinux.org/almalinux/10/cloud/x86_64/images/CHECKSUM": "almalinux/10-CHECKSUM",
    },
    image: {
      url: "https://repo.almalinux.org/almalinux/10/cloud/x86_64/images/AlmaLinux-10-GenericCloud-10.2-20260526.0.x86_64.qcow2",
      digest: "47f2218668dd4776be140dd92fa3bea700be1766e2c7d88bdfd6a4b50f477b4d",
      release: "10.2-20260526.0",
    },
  },
  "centos-stream-9": {
    pages: { "https://cloud.centos.org/centos/9-stream/x86_64/images/CHECKSUM": "centos/9-CHECKSUM" },
    image: {
      url: "https://cloud.centos.org/centos/9-stream/x86_64/images/CentOS-Stream-GenericCloud-9-20211222.0.x86_64.qcow2",
      digest: "bcebdc00511d6e18782732570056cfbc7cba318302748bfc8f66be9c0db68142",
      release: "20211222.0",
    },
  },
  "centos-stream-10": {
    pages: { "https://cloud.centos.org/centos/10-stream/x86_64/images/CHECKSUM": "centos/10-CHECKSUM" },
    image: {
      url: "https://cloud.centos.org/centos/10-stream/x86_64/images/CentOS-Stream-GenericCloud-10-20241118.0.x86_64.qcow2",
      digest: "3cb1310f39d92d34d0ea62c1d6f8943f47dce9df6937adb5bd26af8efa5d921d",
      release: "20241118.0",
    },
  },
  arch: {
    pages: {
      "https://geo.mirror.pkgbuild.com/images/": "arch/images.html",
      "https://geo.mirror.pkgbuild.com/images/v20261001.604814/": "arch/v20261001.604814.html",
      "https://geo.mirror.pkgbuild.com/images/v20261001.604814/Arch-Linux-x86_64-cloudimg-20261001.604814.qcow2.SHA256":
        "arch/v20261001.604814.SHA256",
    },
    image: {
      url: "https://geo.mirror.pkgbuild.com/images/v20261001.604814/Arch-Linux-x86_64-cloudimg-20261001.604814.qcow2",
      digest: "360f0fa49db6813bdc8e35bed230a2dc2ae3567b7b5ab74719c0a706e4e34e87",
      release: "20261001.604814",
    },
  },
  "opensuse-leap-16.0": {
    pages: {
      "https://download.opensuse.org/distribution/leap/16.0/appliances/Leap-16.0-Minimal-VM.x86_64-Cloud.qcow2.sha256":
        "opensuse/leap-16.0.sha256",
    },
    image: {
      url: "https://download.opensuse.org/distribution/leap/16.0/appliances/Leap-16.0-Minimal-VM.x86_64-Cloud.qcow2",
      digest: "6c3b6b2ded57aa33d73b0eef219fc65b68f08ddd384d70b4c773dc35c8c7cb81",
      release: "Leap-16.0-Minimal-VM.x86_64-Cloud.qcow2",
    },
  },
  "opensuse-tumbleweed": {
    pages: {
      "https://download.opensuse.org/tumbleweed/appliances/SHA256SUMS": "opensuse/tumbleweed-SHA256SUMS",
    },
    image: {
      url: "https://download.opensuse.org/tumbleweed/appliances/openSUSE-Tumbleweed-Minimal-VM.x86_64-1.0.0-Cloud-Snapshot20240629.qcow2",
      digest: "e8150b4a7ce5c56587492c930af094236c7a095149d714c015e6860ce6c58e66",
      release: "20240629",
    },
  },
  alpine: {
    pages: {
      "https://dl-cdn.alpinelinux.org/alpine/latest-stable/releases/cloud/": "alpine/cloud.html",
      "https://dl-cdn.alpinelinux.org/alpine/latest-stable/releases/cloud/alpine-3.24.2-x86_64-cloudinit-r0.qcow2.sha512":
        "alpine/alpine-3.24.2-x86_64-cloudinit-r0.qcow2.sha512",
    },
    image: {
      url: "https://dl-cdn.alpinelinux.org/alpine/latest-stable/releases/cloud/alpine-3.24.2-x86_64-cloudinit-r0.qcow2",
      digest:
        "c9504d23613f304e0cfb6f5fec872e29e5a5a62e2bc64796daf19c14fdddaa87dc252912fd8bdd17f7b8ebf0cd03305e4075993d54de175e6028d6b50414c67f",
      release: "3.24.2-r0",
    },
  },
  "amazon-2023": {
    pages: { "https://cdn.amazonlinux.com/al2023/os-images/latest/kvm/SHA256SUMS": "amazon/SHA256SUMS" },
    image: {
      url: "https://cdn.amazonlinux.com/al2023/os-images/2023.12.20260831.0/kvm/al2023-kvm-2023.12.20260831.0-kernel-6.1-x86_64.xfs.gpt.qcow2",
      digest: "fd28073d294d4145e6a45ba4039b8e4405ec6f188758418a0a9155a8d5fe1c3f",
      release: "2023.12.20260831.0",
    },
  },
  "oracle-9": {
    pages: {
      "https://yum.oracle.com/templates/OracleLinux/ol9-template.json": "oracle/ol9-template.json",
    },
    image: {
      url: "https://yum.oracle.com/templates/OracleLinux/OL9/u8/x86_64/OL9U8_x86_64-kvm-b293.qcow2",
      digest: "b12103391327abee8090686759c0d62dac9a7af2bf0f45fdf6b0d085a0fbb52b",
      release: "OL9U8-b293",
    },
  },
  "freebsd-14": {
    pages: {
      "https://download.freebsd.org/releases/VM-IMAGES/": "freebsd/VM-IMAGES.html",
      "https://download.freebsd.org/releases/VM-IMAGES/14.5-RELEASE/amd64/Latest/CHECKSUM.SHA512":
        "freebsd/CHECKSUM.SHA512",
    },
    image: {
      url: "https://download.freebsd.org/releases/VM-IMAGES/14.5-RELEASE/amd64/Latest/FreeBSD-14.5-RELEASE-amd64-BASIC-CLOUDINIT-ufs.qcow2.xz",
      digest:
        "6778efae749f3a7ba2c6c953e15db9dcc633b51ce824bd8e6f2b0d9f447222555e75329fa89eec8b600aee62f5856335ac8a7a3273a2018a92c7715074b03b4b",
      release: "14.5-RELEASE",
    },
  },
};

const catalog = await loadCatalog(undefined);

/** Serves these pages and nothing else. */
function fetcher(pages: Readonly<Record<string, string>>): (url: string) => Promise<string> {
  return async (url) => {
    const text = pages[url];
    if (text === undefined) throw new Error(`nothing is scripted at ${url}`);
    return text;
  };
}

const published = [...catalog.values()].filter((entry) => entry.kind === "published");

test.each(published.map((entry) => [entry.name, entry] as const))("%s is found", async (name, entry) => {
  const fixture = fixtures[name];
  if (fixture === undefined) throw new Error(`${name} has no fixture`);
  const texts = Object.fromEntries(Object.entries(fixture.pages).map(([url, file]) => [url, captured(file)]));
  expect(await resolveEntry(entry, fetcher(texts))).toEqual(fixture.image);
});

test("the catalog has what was promised", () => {
  expect([...catalog.keys()].sort()).toEqual([...Object.keys(fixtures), "nixos"].sort());
});

test("every captured text is described", () => {
  const readme = captured("README.md");
  expect(capturedFiles().filter((file) => !readme.includes(`\`${file}\``))).toEqual([]);
});

test("what nobody publishes is refused with a way out", async () => {
  const attempt = resolveEntry(findEntry(catalog, "nixos"), fetcher({}));
  await expect(attempt).rejects.toMatchObject({
    code: "refused",
    message: "NixOS publishes no cloud image",
    hint: expect.stringContaining("waifuctl template add nixos FILE"),
  });
});

test("an unknown name is answered with the nearest", () => {
  expect(() => findEntry(catalog, "debain-12")).toThrow(
    expect.objectContaining({ code: "not-found", hint: "Did you mean debian-12?" }),
  );
  expect(() => findEntry(catalog, "plan9")).toThrow(WaifuError);
});

describe("an index", () => {
  const sums = "https://example.org/os/SUMS";
  const [one, two] = ["1".repeat(64), "2".repeat(64)];

  function entry(source: Partial<PublishedEntry["source"]> = {}): PublishedEntry {
    return {
      kind: "published",
      name: "os",
      title: "An OS",
      source: { start: sums, descend: [], index: "", file: "os-([\\d.]+)\\.qcow2", ...source },
      format: "qcow2",
      user: "root",
      firmware: "bios",
      diskBytes: 1024 ** 3,
      seed: "cidata",
    };
  }

  function resolve(text: string, source: Partial<PublishedEntry["source"]> = {}): Promise<ResolvedImage> {
    return resolveEntry(entry(source), fetcher({ [sums]: text }));
  }

  test("the newest of many is taken by natural order", async () => {
    const text = `${two}  os-9.10.qcow2\n${one}  os-9.9.qcow2\n${one}  os-latest.qcow2\n${one}  os-9.10.qcow2.asc`;
    expect(await resolve(text)).toEqual({
      url: "https://example.org/os/os-9.10.qcow2",
      digest: two,
      release: "9.10",
    });
  });

  test("without a group the file's name is the release", async () => {
    expect(await resolve(`${one}  dir/os.qcow2`, { file: "os\\.qcow2" })).toMatchObject({
      release: "os.qcow2",
    });
  });

  test.each<[name: string, text: string, source: Partial<PublishedEntry["source"]>, message: string]>([
    ["no such image", `${one}  other.qcow2`, {}, `${sums} names no image of os`],
    ["part of a name", `${one}  my-os-1.qcow2`, {}, `${sums} names no image of os`],
    [
      "a weak digest only",
      `${"3".repeat(32)}  os-1.qcow2`,
      {},
      `${sums} has neither SHA-256 nor SHA-512 for os-1.qcow2`,
    ],
    [
      "a contradiction",
      `${one}  os-1.qcow2\n${two}  os-1.qcow2`,
      {},
      `${sums} has 2 different digests for os-1.qcow2`,
    ],
    [
      "an image on another host",
      `[{"link": "https://evil.example/os-2.qcow2", "sha256": "${one}"}]`,
      {},
      `${sums} leads to another host: https://evil.example/os-2.qcow2`,
    ],
    [
      "an image on the index's host, where the base is another",
      `[{"link": "https://example.org/os-2.qcow2", "sha256": "${one}"}]`,
      { base: "https://images.example/" },
      "https://images.example/ leads to another host: https://example.org/os-2.qcow2",
    ],
    [
      "a file: image",
      `[{"link": "file:///etc/os-2.qcow2", "sha256": "${one}"}]`,
      {},
      `${sums} leads to another host: file:///etc/os-2.qcow2`,
    ],
    [
      "a page that isn't an index",
      "<html>503</html>",
      {},
      `${sums} holds no checksums in a form that waifuctl knows`,
    ],
  ])("refused: %s", async (_name, text, source, message) => {
    await expect(resolve(text, source)).rejects.toMatchObject({ code: "refused", message });
  });

  test("a listing that leads elsewhere is refused before anything is fetched there", async () => {
    const attempt = resolve('<a href="https://evil.example/v9/">', { descend: ["v\\d+/"] });
    await expect(attempt).rejects.toMatchObject({ code: "refused" });
  });
});
