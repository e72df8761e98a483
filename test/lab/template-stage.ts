import { expect } from "bun:test";
import { type Distro, layOut, type Published, writeCatalog } from "./distro-mirror.ts";
import { markImage } from "./image-forms.ts";
import { digestOf, type Image } from "./images.ts";
import type { Outcome } from "./run.ts";
import { newOperator, type Operator, type Table } from "./waifuctl.ts";
import { serveTree, type WebTree } from "./web-tree.ts";

type Machine = { readonly name: string; exec(argv: string[]): Promise<Outcome> };

/** Two nodes, the first of the kind that is tested. */
export type Stage = {
  readonly nodes: readonly [Machine, Machine];
  readonly tables: readonly [Table, Table];
  readonly image: Image;
  /** Where nodes and the operator find a server of the test's own. */
  readonly address: string;
  /** Changes what the first node's storage has made of the image. */
  damage(digest: string): Promise<void>;
};

/** A version on the mirror, and what the guest says that boots from it. */
export type Release = Published & {
  readonly mark: string;
  readonly sha256: string;
  readonly sizeBytes: number;
};

/** A stage with an operator, and a distribution on a mirror that they know by their own catalog. */
export type Play = Stage & {
  readonly first: Machine;
  readonly second: Machine;
  readonly distro: Distro;
  readonly operator: Operator;
  readonly tree: WebTree;
  publish(release: string): Promise<Release>;
  /** Gives the stdout of a waifuctl that has to end well. */
  ok(...words: string[]): Promise<string>;
  /** On the first node. */
  create(name: string, template: string, ...words: string[]): Promise<string>;
  /** Gives the stdout of a shell script on the first node that has to end well. */
  onFirst(script: string, ...words: string[]): Promise<string>;
  end(): Promise<void>;
};

export async function openPlay(stage: Stage): Promise<Play> {
  const [first, second] = stage.nodes;
  const tree = await serveTree(stage.address);
  const operator = await newOperator(stage.tables, { catalog: "catalog.toml" });
  const distro = layOut(tree).debian;
  await writeCatalog(operator.home, [distro]);
  const ok: Play["ok"] = async (...words) => {
    const { stdout, stderr, exitCode } = await operator.run(...words);
    const failure = exitCode === 0 ? "" : stderr;
    expect({ words, exitCode, failure }).toEqual({ words, exitCode: 0, failure: "" });
    return stdout;
  };
  return {
    ...stage,
    ...{ first, second, distro, operator, tree, ok },
    async publish(release) {
      const mark = crypto.randomUUID();
      const image = await markImage(stage.image.path, operator.home, mark);
      const published = await distro.publish(release, image);
      return { ...published, mark, sha256: await digestOf(image), sizeBytes: Bun.file(image).size };
    },
    create: (name, template, ...words) =>
      ok("create", name, "--template", template, "--node", first.name, "--memory", "192M", ...words),
    async onFirst(script, ...words) {
      const outcome = await first.exec(["sh", "-c", script, "sh", ...words]);
      expect({ script, ...outcome }).toEqual({ script, exitCode: 0, stdout: expect.any(String), stderr: "" });
      return outcome.stdout.trim();
    },
    async end() {
      await tree.stop();
      await operator.leave();
    },
  };
}

export const shortOf = ({ digest }: { readonly digest: string }) => digest.slice(0, 8);
