import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { readMark } from "./image-forms.ts";
import { digestOf } from "./images.ts";
import { flipScript, imagePath } from "./template-site.ts";
import { openPlay, type Play, type Release, type Stage, shortOf } from "./template-stage.ts";
import { type Traces, tracesOf } from "./traces.ts";

/** Damage and its repair, templates out of instances, and images handed out again. */
export function templateCare(kind: string, setUp: () => Promise<Stage>): void {
  describe(`the care of a template on ${kind}`, () => {
    let play: Play;
    let name: string;
    let before: Traces[];
    let release: Release;

    beforeAll(async () => {
      play = await openPlay(await setUp());
      name = play.distro.name;
      before = await tracesOf(play.nodes);
      release = await play.publish("20260901-2200");
      await play.ok("template", "add", name, "--node", play.first.name);
    });

    afterAll(() => play.end());

    const verify = () => play.operator.run("template", "verify", name, "--node", play.first.name);
    const repair = () => play.ok("template", "add", name, "--repair", "--node", play.first.name);

    async function expectDamaged(): Promise<void> {
      const { stdout, exitCode } = await verify();
      expect({ stdout, exitCode }).toEqual({ stdout: expect.stringContaining("damaged"), exitCode: 9 });
      expect(stdout).toMatch(new RegExp(`${play.first.name}.*${name}.*${shortOf(release)}`));
    }

    test("verify finds all well", async () => {
      const { stdout, exitCode } = await verify();
      expect({ stdout, exitCode }).toEqual({ stdout: expect.not.stringContaining("damaged"), exitCode: 0 });
    });

    test("verify names an image with flipped bytes; repair fetches it again", async () => {
      await play.onFirst(flipScript, imagePath(release.digest));
      await expectDamaged();
      await repair();
      expect(await verify()).toMatchObject({ exitCode: 0 });
      expect(play.tree.bytesSent(release.path)).toBe(2 * release.sizeBytes);
    });

    test("verify names a damaged template; repair makes it anew from the image", async () => {
      await play.damage(release.digest);
      await expectDamaged();
      await repair();
      expect(await verify()).toMatchObject({ exitCode: 0 });
      expect(play.tree.bytesSent(release.path)).toBe(2 * release.sizeBytes);
    });

    test("what is made from the mended template has its bytes", async () => {
      await play.create("model", name);
      expect(await play.ok("ssh", "root@model", readMark)).toBe(release.mark);
    });

    test("a template of an instance needs that stopped", async () => {
      await play.ok("ssh", "root@model", "echo kept >/disk/kept; sync");
      expect(await play.operator.run("template", "create", "golden", "--from", "model")).toMatchObject({
        stdout: "",
        stderr: expect.stringContaining("waifuctl stop model"),
        exitCode: 4,
      });
    });

    test("then its copies boot with what was on its disk, as somebody else", async () => {
      const whoIs = async (instance: string) => {
        const { uuid, hostKey, mac } = await play.operator.answer<Record<string, string>>("show", instance);
        return { uuid, hostKey, mac, host: await play.ok("ssh", instance, "hostname") };
      };
      const model = await whoIs("model");
      await play.ok("stop", "model");
      await play.ok("template", "create", "golden", "--from", "model");
      await play.create("copy", "golden");
      expect(await play.ok("ssh", "root@copy", "cat /disk/kept")).toBe("kept\n");
      const copy = await whoIs("copy");
      expect(copy.host).toBe("copy\n");
      for (const key of ["uuid", "hostKey", "mac"] as const) {
        expect(copy[key]).toBeString();
        expect(copy[key]).not.toBe(model[key]);
      }
      await play.ok("delete", "copy", "--yes");
    });

    test("the copy's template comes to another node too, where nobody published it", async () => {
      expect(await play.ok("template", "add", "golden", "--node", play.second.name)).toContain(
        `${play.second.name}: ready (peer ${play.first.name}`,
      );
    });

    test("export gives the bytes that were published, and overwrites nothing unasked", async () => {
      const file = join(play.operator.home, "exported");
      await play.ok("template", "export", name, file);
      expect(await digestOf(file)).toBe(release.sha256);
      await Bun.write(file, "mine");
      expect(await play.operator.run("template", "export", name, file)).toMatchObject({
        stdout: "",
        exitCode: 4,
      });
      expect(await Bun.file(file).text()).toBe("mine");
      await play.ok("template", "export", name, file, "--yes");
      expect(await digestOf(file)).toBe(release.sha256);
    });

    test("without its instances and templates nothing is left", async () => {
      await play.ok("delete", "model", "--yes");
      for (const template of ["golden", name]) await play.ok("template", "delete", template, "--yes");
      expect(await tracesOf(play.nodes)).toEqual(before);
    });
  });
}
