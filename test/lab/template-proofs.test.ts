import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { type Distro, layOut, writeCatalog } from "./distro-mirror.ts";
import { type Refuse, refusalsOf } from "./refusals.ts";
import { type TemplateSite, templateSite } from "./template-site.ts";
import { newOperator, nodeTable } from "./waifuctl.ts";

setDefaultTimeout(60_000);

const MiB = 1024 ** 2;
const someDigest = "ab".repeat(32);

let site: TemplateSite;
let refuses: Refuse;

beforeAll(async () => {
  site = await templateSite();
  refuses = await refusalsOf(site.operator, site.nodes);
});

afterAll(() => site.leave());

describe("three kinds of mirror and a fourth, with every form of a checksum", () => {
  let distros: Distro[];

  beforeAll(async () => {
    distros = Object.values(layOut(site.tree));
  });

  test("the catalog's entry finds the newest release and its digest; the checksum file beside it says the same", async () => {
    const operator = await newOperator([nodeTable(site.nodes[0])], { catalog: "catalog.toml" });
    await writeCatalog(operator.home, distros);
    const releases: Record<string, readonly string[]> = {
      "mirror-debian": ["20260901-2200", "20261001-2200"],
      "mirror-ubuntu": ["20260901", "20261001"],
      "mirror-fedora": ["43-1.6", "43-1.10"],
      "mirror-alpine": ["3.24.2", "3.24.10"],
    };
    for (const distro of distros) {
      for (const [index, release] of (releases[distro.name] ?? []).entries()) {
        const image = await site.freshImage();
        const { digest, path, checksums } = await distro.publish(release, image.path);
        const source = site.tree.url(path);
        await operator.answer("template", index === 0 ? "add" : "update", distro.name);
        const [newest] = await operator.answer<object[]>("template", "show", distro.name);
        expect(newest).toMatchObject({ digest, source, release, trust: "published", isNewest: true });
        const named = ["template", "add", "by-hand", source, "--checksum-url", site.tree.url(checksums)];
        const { stdout, stderr } = await operator.run(...named, "--json");
        expect(JSON.parse(stdout)).toMatchObject({ digest });
        expect(stderr).toContain(`${site.tree.url(checksums)} comes without TLS`);
      }
    }
    await operator.leave();
  });
});

describe("a URL without a checksum", () => {
  test("is refused", () =>
    refuses(["template", "add", "bare", site.offer("bare")], 2, "--sha256", "--trust-on-first-use"));

  test("and with two", () =>
    refuses(
      ["template", "add", "two", site.offer("two"), "--trust-on-first-use", "--sha256", someDigest],
      2,
      "don't go together",
    ));

  test.each([
    ["404", { kind: "status", status: 404 }, 4, "HTTP 404"],
    ["loop", { kind: "loop" }, 4, "is redirected more than 5 times"],
    ["page", { kind: "html" }, 4, "web page"],
    ["half", { kind: "cut", atByte: MiB, times: Number.POSITIVE_INFINITY, hasRanges: false }, 6, "broke off"],
  ] as const)("--trust-on-first-use does not trust what is no image: %s", (what, fault, exitCode, says) =>
    refuses(["template", "add", "bad", site.offer(what, fault), "--trust-on-first-use"], exitCode, says),
  );

  test("--trust-on-first-use pins what came", async () => {
    const { operator, tree, image } = site;
    const url = site.offer("rolling");
    const pinned = await operator.answer<object>("template", "add", "rolling", url, "--trust-on-first-use");
    expect(pinned).toMatchObject({ digest: image.digest, trust: "first-use" });
    expect(await operator.run("template", "add", "rolling", "--node", "n1")).toMatchObject({ exitCode: 0 });
    expect(await operator.run("template", "update", "rolling")).toMatchObject({
      stdout: expect.stringContaining("seems to be the same"),
      exitCode: 0,
    });

    const changed = await site.freshImage();
    tree.put("/rolling", { file: changed.path });
    expect(await operator.run("template", "update", "rolling")).toMatchObject({
      stdout: expect.stringContaining("may have changed"),
      exitCode: 0,
    });
    // A node that has the right bytes gives them to its neighbour.
    expect(await operator.run("template", "add", "rolling", "--node", "n2")).toMatchObject({ exitCode: 0 });
    expect(tree.bytesSent("/rolling")).toBe(0);

    // For somebody whose only node lacks them there are just the wrong ones.
    const newcomer = await newOperator([nodeTable(site.nodes[2])]);
    await newcomer.answer("template", "add", "rolling", url, "--sha256", image.digest);
    const newcomerRefuses = await refusalsOf(newcomer, site.nodes);
    const says = `its SHA-256 is ${changed.digest}, not ${image.digest}`;
    await newcomerRefuses(["create", "new", "-t", "rolling"], 4, says);
    await newcomer.leave();
    await site.forget("rolling");
  });
});

describe("a checksum file", () => {
  const withSums = (text: string) => {
    site.tree.put("/sums/SUMS", { text });
    const url = site.offer("sums/image.qcow2");
    return ["template", "add", "summed", url, "--checksum-url", site.tree.url("/sums/SUMS")];
  };

  test.each([
    ["does not name the image", `${someDigest}  other.qcow2\n`, "image.qcow2"],
    ["has MD5 only", `${"0".repeat(32)}  image.qcow2\n`, "MD5"],
    ["is a web page", "<!DOCTYPE html><html><body>Not found</body></html>\n", "/sums/SUMS"],
  ])("that %s", (_what, text, says) => refuses(withSums(text), 4, says));

  test("that is not there", () => {
    const missing = site.tree.url("/nowhere/SUMS");
    return refuses(
      ["template", "add", "t", site.offer("alone"), "--checksum-url", missing],
      4,
      missing,
      "404",
    );
  });
});
