import { expect } from "bun:test";
import { join } from "node:path";
import { markImage } from "./image-forms.ts";
import { digestOf } from "./images.ts";
import { OPERATOR, subnetAddress } from "./switch.ts";
import { type TestLab, testLab } from "./test-lab.ts";
import { newOperator, nodeTable, type Operator } from "./waifuctl.ts";
import { type Fault, serveTree, type WebTree } from "./web-tree.ts";

/** An image that no node has seen yet. */
export type FreshImage = { readonly path: string; readonly digest: string; readonly sizeBytes: number };

/** Three nodes, somebody who knows them, and a web server that they reach. */
export type TemplateSite = TestLab & {
  readonly operator: Operator;
  readonly tree: WebTree;
  readonly image: FreshImage;
  freshImage(): Promise<FreshImage>;
  /** Gives the URL where the image, or another file, is served, perhaps badly. */
  offer(name: string, fault?: Fault, file?: string): string;
  /** Adds the image under a name. */
  name(name: string, url: string, digest?: string): Promise<void>;
  forget(...names: string[]): Promise<void>;
  leave(): Promise<void>;
};

export async function templateSite(): Promise<TemplateSite> {
  const lab = await testLab();
  const operator = await newOperator(lab.nodes.map((node) => nodeTable(node)));
  const tree = await serveTree(subnetAddress(lab.nodes[0].lan.number, OPERATOR));
  const freshImage = async () => {
    const mark = crypto.randomUUID().slice(0, 8);
    const path = await markImage(lab.lab.image("tiny").path, operator.home, mark);
    return { path, digest: await digestOf(path), sizeBytes: Bun.file(path).size };
  };
  const image = await freshImage();
  return {
    ...lab,
    operator,
    tree,
    image,
    freshImage,
    offer(name, fault, file = image.path) {
      tree.put(`/${name}`, { file });
      if (fault !== undefined) tree.misbehave(`/${name}`, fault);
      return tree.url(`/${name}`);
    },
    name: async (name, url, digest = image.digest) => {
      await operator.answer("template", "add", name, url, "--sha256", digest);
    },
    async forget(...names) {
      for (const name of names) {
        const { exitCode, stderr } = await operator.run("template", "delete", name, "--yes");
        expect({ name, exitCode, stderr: exitCode === 0 ? "" : stderr }).toEqual({
          name,
          exitCode: 0,
          stderr: "",
        });
      }
    },
    async leave() {
      await tree.stop();
      await operator.leave();
    },
  };
}

/** Changes a byte or two of a file far behind its beginning. */
export const flipScript =
  "printf 'flipped by a test' | dd of=\"$1\" bs=1 seek=9000000 conv=notrunc,fsync status=none";

export const imagePath = (digest: string) => join("/var/lib/waifu/images", digest);
