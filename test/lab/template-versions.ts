import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readMark } from "./image-forms.ts";
import { imagePath } from "./template-site.ts";
import { openPlay, type Play, type Release, type Stage, shortOf } from "./template-stage.ts";
import { type Traces, tracesOf } from "./traces.ts";
import type { Table } from "./waifuctl.ts";

type Listed = { readonly name: string; readonly digest: string; readonly nodes: readonly string[] };

/** What a distribution's image lives through, from its first release to its third. */
export function templateVersions(kind: string, setUp: () => Promise<Stage>): void {
  describe(`the versions of a template on ${kind}`, () => {
    let play: Play;
    let name: string;
    let before: Traces[];
    let oldest: Release;
    let middle: Release;
    let newest: Release;

    beforeAll(async () => {
      play = await openPlay(await setUp());
      name = play.distro.name;
      before = await tracesOf(play.nodes);
      oldest = await play.publish("20260901-2200");
    });

    afterAll(() => play.end());

    const markOf = (instance: string) => play.ok("ssh", `root@${instance}`, readMark);

    async function nodesOf({ digest }: Release): Promise<readonly string[]> {
      const listed = await play.operator.answer<Listed[]>("template", "list");
      return listed.find((version) => version.name === name && version.digest === digest)?.nodes ?? [];
    }

    test("add by the catalog's name means the newest release; nothing is fetched yet", async () => {
      const said = await play.ok("template", "add", name);
      expect(said).toContain(`${name}@${shortOf(oldest)}, ${oldest.release}`);
      expect(play.tree.bytesSent(oldest.path)).toBe(0);
      expect(await play.ok("template", "add", name)).toContain("nothing is new");
    });

    test("create fetches it once, and the guest has its bytes", async () => {
      await play.create("old", name);
      expect(await markOf("old")).toBe(oldest.mark);
      expect(play.tree.bytesSent(oldest.path)).toBe(oldest.sizeBytes);
      const template = { name, digest: oldest.digest };
      expect(await play.operator.answer<Table>("show", "old")).toMatchObject({ template });
    });

    test("the node keeps the file as it was published", async () => {
      expect(await play.onFirst('sha512sum <"$1"', imagePath(oldest.digest))).toBe(`${oldest.digest}  -`);
    });

    test("another node gets it from the first: no byte more from the mirror", async () => {
      const added = await play.ok("template", "add", name, "--node", play.second.name);
      expect(added).toContain(`${play.second.name}: ready (peer ${play.first.name}`);
      const again = await play.ok("template", "add", name, "--all-nodes");
      for (const node of play.nodes) expect(again).toContain(`${node.name}: ready (already there`);
      expect(play.tree.bytesSent(oldest.path)).toBe(oldest.sizeBytes);
      expect((await nodesOf(oldest)).toSorted()).toEqual(play.nodes.map((node) => node.name).sort());
    });

    test("update says old and new, or that nothing is", async () => {
      expect(await play.ok("template", "update", name)).toContain("nothing new");
      middle = await play.publish("20261001-2200");
      const words = ({ release, ...version }: Release) => `${release} (${shortOf(version)})`;
      const change = `${name}: ${words(oldest)} → ${words(middle)}\n`;
      expect(await play.ok("template", "update", "--all", "--dry-run")).toBe(change);
      expect(await play.ok("template", "update", "--all")).toBe(change);
      expect(await play.ok("template", "update", name)).toContain("nothing new");
    });

    test("an instance stays what it was made from; list and show say that there is something newer", async () => {
      expect(await markOf("old")).toBe(oldest.mark);
      const words = `${name}@${shortOf(oldest)} (newer: ${shortOf(middle)})`;
      expect(await play.ok("list")).toContain(words);
      expect(await play.operator.answer<Table>("show", "old")).toMatchObject({
        templateDigest: oldest.digest,
        newerTemplate: middle.digest,
      });
      await play.ok("stop", "old", "--force");
    });

    test("create takes the newest version, or the one that was asked for", async () => {
      // What they boot is told by their record: guests that boot side by side slow an emulated node to a crawl.
      const madeFrom = async (instance: string, template: string) => {
        await play.create(instance, template, "--no-wait");
        await play.ok("stop", instance, "--force");
        return (await play.operator.answer<{ templateDigest: string }>("show", instance)).templateDigest;
      };
      expect(await madeFrom("new", name)).toBe(middle.digest);
      expect(await madeFrom("again", `${name}@${oldest.digest.slice(0, 4)}`)).toBe(oldest.digest);
      expect(play.tree.bytesSent(oldest.path)).toBe(oldest.sizeBytes);
      await play.ok("delete", "again", "--yes");
    });

    test("delete of a version in use is refused, and names who uses it", async () => {
      const { stdout, stderr, exitCode } = await play.operator.run(
        ...["template", "delete", `${name}@${shortOf(oldest)}`, "--yes"],
      );
      expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 4 });
      expect(stderr).toContain(`${name}@${shortOf(oldest)} is in use by old on ${play.first.name}`);
    });

    test("prune frees what nobody uses and is not the newest, and only that", async () => {
      newest = await play.publish("20261101-2200");
      await play.ok("template", "update", name);
      await play.ok("template", "add", name, "--node", play.first.name);
      await play.ok("delete", "new", "--yes");
      const prune = ["template", "prune", "--node", play.first.name];
      const foretold = await play.ok(...prune, "--dry-run");
      expect(foretold).toContain(shortOf(middle));
      await play.onFirst('test -e "$1"', imagePath(middle.digest));
      const said = await play.ok(...prune, "--yes");
      expect(said).toContain(shortOf(middle));
      for (const kept of [oldest, newest]) expect(said + foretold).not.toContain(shortOf(kept));
      await play.onFirst(
        'test ! -e "$1" && test -e "$2" && test -e "$3"',
        ...[middle, oldest, newest].map(({ digest }) => imagePath(digest)),
      );
      expect(await nodesOf(middle)).toEqual([]);
      for (const kept of [oldest, newest]) expect(await nodesOf(kept)).toContain(play.first.name);
    });

    test("without its instances and the template nothing is left", async () => {
      await play.ok("delete", "old", "--yes");
      await play.ok("template", "delete", name, "--yes");
      expect(await tracesOf(play.nodes)).toEqual(before);
      const images = [oldest, middle, newest].map(({ digest }) => imagePath(digest));
      await play.onFirst('for path; do test ! -e "$path" || exit; done', ...images);
      for (const version of [oldest, middle, newest]) expect(await nodesOf(version)).toEqual([]);
    });
  });
}
